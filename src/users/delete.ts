import type { Kysely } from 'kysely'
import { type Actor, auditActor } from '../auth/authenticate.js'
import { auditOf } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import type { Database } from '../db/schema.js'
import { userWritesOf } from '../db/user-writes.js'
import { requireFound, requireMatch, requireMayDelete, requireStillMayCall } from './access.js'
import { userDeleted } from './trail.js'

/**
 * Deletes a user of the caller's enterprise and all its keys.
 *
 * The caller stays, active and locked, so an enterprise never loses its last active superuser this way.
 *
 * @param expected entity tags of which the user must still have one; undefined for whichever it has
 * @throws {Problem} `invalid_credentials`, `not_found`, `forbidden`, `precondition_failed`, `unavailable`
 */
export async function deleteUser(
  db: Kysely<Database>,
  caller: Actor,
  id: number,
  expected: readonly string[] | undefined,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const users = userWritesOf(trx, caller.enterprise.id)
    const locked = await users.lock([caller.user.id, id])
    const self = requireStillMayCall('managers-not-self', locked.get(caller.user.id), id)
    const target = requireFound(locked.get(id))
    requireMayDelete(self, target)
    requireMatch(expected, target)
    await users.delete(id)
    await auditOf(trx, caller.enterprise).append(auditActor(caller), userDeleted(target))
  }, caller.waiter)
}
