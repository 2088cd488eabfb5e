import type { AuditChange, AuditChangeOf } from '../db/audit.js'
import type { AuditValues } from '../db/audit-chain.js'
import type { NewUser, UserChanges } from '../db/user-writes.js'
import type { UserRow } from '../db/users.js'

const FIELDS = ['username', 'email', 'first_name', 'last_name', 'is_active', 'is_superuser', 'is_email_verified'] as const
const PROFILE = ['role', 'groups', 'authz_role_id'] as const

/** Some columns of a row as the audit trail shows them. Digests and the hash of the password are not among them. */
function valuesOf(
  row: Pick<UserRow, (typeof FIELDS)[number] | (typeof PROFILE)[number]>,
  isWanted: (column: keyof UserRow) => boolean,
): AuditValues {
  const fields = FIELDS.filter(isWanted).map((column) => [column, row[column]])
  const profile = PROFILE.filter(isWanted).map((column) => [column, row[column]])
  return Object.fromEntries(profile.length > 0 ? [...fields, ['profile', Object.fromEntries(profile)]] : fields) as AuditValues
}

const passwordOf = (password_hash: string | null | undefined): AuditValues =>
  typeof password_hash === 'string' ? { password: 'changed' } : {}

const target = ({ id }: UserRow): Pick<AuditChange, 'target_type' | 'target' | 'user_id'> => ({
  target_type: 'user',
  target: String(id),
  user_id: id,
})

/** A user that is made, for the audit trail. */
export function userMade(user: NewUser): AuditChangeOf {
  const after = { ...valuesOf({ ...user, is_email_verified: false }, () => true), ...passwordOf(user.password_hash) }
  return { action: 'user.create', target_type: 'user', before: {}, after }
}

/** A user that was changed, for the audit trail: of its columns only those of `changes`. */
export function userChanged(
  action: 'user.update' | 'user.promote' | 'user.demote',
  row: UserRow,
  changed: UserRow,
  changes: UserChanges,
): AuditChange {
  const isChanged = (column: string) => column in changes
  const after = { ...valuesOf(changed, isChanged), ...passwordOf(changes.password_hash) }
  return { action, ...target(row), before: valuesOf(row, isChanged), after }
}

/** A user that was deleted, its keys with it, for the audit trail. */
export function userDeleted(row: UserRow): AuditChange {
  return { action: 'user.delete', ...target(row), before: valuesOf(row, () => true), after: {} }
}
