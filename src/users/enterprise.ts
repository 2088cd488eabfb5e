import { randomInt, randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { makeKey } from '../auth/keys.js'
import { keyMade } from '../auth/made-keys.js'
import { compile, faultsFound } from '../contract.js'
import { auditOf, COMMAND_LINE } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { insertEnterprise } from '../db/enterprises.js'
import { keyWritesOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { type NewUser, userWritesOf } from '../db/user-writes.js'
import { OperatorError } from '../errors.js'
import { nameKey, requireName } from '../names.js'
import { userMade } from './trail.js'
import type { UserUpdate } from './user.js'

/** Numbers of enterprises are drawn below this, so that they tell nothing (CONTRACT.md, "Keys"). */
const NUMBERS = 2 ** 48

interface Admin {
  readonly username: string
  readonly email: string
}

/** What `enterprise create` makes. The key is shown here only. */
export interface NewEnterprise {
  readonly enterprise: string
  readonly name: string
  readonly user_id: number
  readonly api_key: string
}

function requireValid(name: string, admin: Admin): void {
  requireName('an enterprise', name)
  const validate = compile({ $ref: '#/components/schemas/UserUpdate' })
  const user: UserUpdate = { ...admin }
  if (!validate(user)) throw new OperatorError(faultsFound(validate).join('; '), 2)
}

/**
 * Makes an enterprise, its superuser with the role Enterprise Admin, and one key for it, in one transaction.
 *
 * @throws {OperatorError} when the name is taken or a value breaks the contract
 */
export async function createEnterprise(db: Kysely<Database>, name: string, admin: Admin): Promise<NewEnterprise> {
  requireValid(name, admin)
  return inTransaction(db, async (trx) => {
    const enterprise = await insertEnterprise(trx, { id: randomInt(NUMBERS - 1), uuid: randomUUID(), name })
    if (enterprise === undefined) throw new OperatorError(`there is an enterprise ${name} already`)
    const superuser: NewUser = {
      ...admin,
      username_key: nameKey(admin.username),
      email_key: admin.email === '' ? null : nameKey(admin.email),
      first_name: '',
      last_name: '',
      is_active: true,
      is_superuser: true,
      role: 'Enterprise Admin',
      groups: [],
      authz_role_id: null,
      password_hash: null,
    }
    const user = await userWritesOf(trx, enterprise.id).insert(superuser)
    const { key, hash, prefix, expires_on } = makeKey(enterprise.id)
    const row = await keyWritesOf(trx, enterprise.id).insert({ user_id: user.id, hash, prefix, expires_on })
    const { append } = auditOf(trx, enterprise)
    const made = { target_type: 'enterprise', target: enterprise.uuid, user_id: null, before: {}, after: { name } } as const
    await append(COMMAND_LINE, { action: 'enterprise.create', ...made })
    await append(COMMAND_LINE, { ...userMade(superuser), target: String(user.id), user_id: user.id })
    await append(COMMAND_LINE, keyMade(user.id, prefix, row.expires_on))
    return { enterprise: enterprise.uuid, name, user_id: user.id, api_key: key }
  })
}
