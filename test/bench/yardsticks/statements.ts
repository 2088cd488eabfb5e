/** The columns of a user that answers show. */
const columns = [
  ...['id', 'username', 'email', 'first_name', 'last_name', 'is_active', 'is_superuser', 'is_email_verified', 'role'],
  ...['groups', 'authz_role_id', 'last_login', 'created_on', 'updated_on'],
]
  .map((column) => `u.${column}`)
  .join(', ')
const enterprise = 'e.uuid as enterprise, e.google_enterprise_id'

/** The statements of the bare servers, each prepared once a connection. */
export const statements = {
  key: {
    name: 'key',
    text: `select k.user_id, k.enterprise_id, ${enterprise} from api_key k join enterprise e on e.id = k.enterprise_id
      where k.enterprise_id = $1 and k.hash = $2`,
  },
  user: { name: 'user', text: `select ${columns} from user_account u where u.enterprise_id = $1 and u.id = $2` },
  count: { name: 'count', text: 'select count(*) from user_account u where u.enterprise_id = $1' },
  page: {
    name: 'page',
    text: `select ${columns} from user_account u where u.enterprise_id = $1 order by u.id limit $2 offset $3`,
  },
  /** The user with the id $3, of the enterprise of the key. */
  userByKey: {
    name: 'userByKey',
    text: `select ${columns}, ${enterprise} from api_key k
      join enterprise e on e.id = k.enterprise_id
      join user_account u on u.enterprise_id = k.enterprise_id and u.id = $3
      where k.enterprise_id = $1 and k.hash = $2`,
  },
  /** The owner of the key. */
  ownerByKey: {
    name: 'ownerByKey',
    text: `select ${columns}, ${enterprise} from api_key k
      join enterprise e on e.id = k.enterprise_id
      join user_account u on u.enterprise_id = k.enterprise_id and u.id = k.user_id
      where k.enterprise_id = $1 and k.hash = $2`,
  },
} as const
