import type { Kysely } from 'kysely'
import { inTransaction } from '../db/database.js'
import type { EnterpriseRow } from '../db/enterprises.js'
import type { Database } from '../db/schema.js'
import { type UserRow, usersOf, userWritesOf } from '../db/users.js'
import { OperatorError } from '../errors.js'
import { nameKey } from '../names.js'

/**
 * Makes a user a superuser, or takes that from it.
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
    return writes.update(user.id, { is_superuser })
  })
}
