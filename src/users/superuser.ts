import type { Kysely } from 'kysely'
import { auditOf, COMMAND_LINE } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import type { EnterpriseRow } from '../db/enterprises.js'
import type { Database } from '../db/schema.js'
import { userWritesOf } from '../db/user-writes.js'
import { type UserRow, usersOf } from '../db/users.js'
import { OperatorError } from '../errors.js'
import { nameKey } from '../names.js'
import { userChanged } from './trail.js'

/**
 * Makes a user a superuser, or takes that from it. Nothing changes for one that is as it shall be.
 *
 * @throws {OperatorError} when there is no such user, or it is the last active superuser
 */
export async function setSuperuser(
  db: Kysely<Database>,
  enterprise: EnterpriseRow,
  username: string,
  is_superuser: boolean,
): Promise<UserRow> {
  return inTransaction(db, async (trx) => {
    const user = await usersOf(trx, enterprise.id).match({ username_key: nameKey(username) })
    if (user === undefined) throw new OperatorError(`there is no user ${username} in ${enterprise.name}`)
    const writes = userWritesOf(trx, enterprise.id)
    // All of them locked, so that no two demotions at once each count on the other's superuser.
    const superusers = await writes.lockSuperusers()
    const others = superusers.filter((other) => other.is_active && other.id !== user.id)
    if (!is_superuser && others.length === 0) {
      throw new OperatorError(`${username} is the last active superuser of ${enterprise.name}: promote another one first`)
    }
    // Whether it is one now; `user` was read before the locks.
    const is = superusers.some(({ id }) => id === user.id)
    if (is === is_superuser) return user
    const changed = await writes.update(user.id, { is_superuser })
    const action = is_superuser ? 'user.promote' : 'user.demote'
    const before = { ...changed, is_superuser: is }
    await auditOf(trx, enterprise).append(COMMAND_LINE, userChanged(action, before, changed, { is_superuser }))
    return changed
  })
}
