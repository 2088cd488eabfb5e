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
 * Says that the address of a user is verified.
 *
 * @throws {OperatorError} when there is no such user, or it has no address
 */
export async function verifyEmail(db: Kysely<Database>, enterprise: EnterpriseRow, username: string): Promise<UserRow> {
  return inTransaction(db, async (trx) => {
    const user = await usersOf(trx, enterprise.id).match({ username_key: nameKey(username) })
    const users = userWritesOf(trx, enterprise.id)
    // Locked, for the address must not change before it is verified.
    const locked = user && (await users.lock([user.id])).get(user.id)
    if (locked === undefined) throw new OperatorError(`there is no user ${username} in ${enterprise.name}`)
    if (locked.email === '') throw new OperatorError(`${username} has no e-mail address`)
    const changes = { is_email_verified: true }
    const changed = await users.update(locked.id, changes)
    await auditOf(trx, enterprise).append(COMMAND_LINE, userChanged('user.update', locked, changed, changes))
    return changed
  })
}
