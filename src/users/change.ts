import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from 'kysely'
import { type Actor, auditActor } from '../auth/authenticate.js'
import { keyRevoked } from '../auth/made-keys.js'
import { auditOf } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { keyWritesOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { type UserChanges, userWritesOf } from '../db/user-writes.js'
import type { UserRow } from '../db/users.js'
import { Problem } from '../errors.js'
import { nameKey } from '../names.js'
import { requireFound, requireMatch, requireMayChange, requireStillMayCall } from './access.js'
import { userChanged } from './trail.js'
import { show, type Shown, type UserUpdate } from './user.js'
import { writeUser, type WriteDeps } from './write.js'

/**
 * The columns of a row that a body would change. What is absent, and what repeats today's value, is no change. A password
 * is one always: that the same one was sent must not show, or those who manage users could guess at passwords with it.
 */
export function changesOf(row: UserRow, body: UserUpdate, password_hash: string | undefined): UserChanges {
  const { username, email, first_name, last_name, is_active, profile = {} } = body
  const sent = {
    username,
    email,
    first_name,
    last_name,
    is_active,
    role: profile.role,
    groups: profile.groups && [...new Set(profile.groups)],
    authz_role_id: profile.authz_role_id,
  } satisfies { [Column in keyof UserChanges]: UserChanges[Column] | undefined }
  const changes: UserChanges = Object.fromEntries(
    Object.entries(sent).filter(
      ([column, value]) => value !== undefined && !isDeepStrictEqual(value, row[column as keyof UserRow]),
    ),
  )
  if (changes.username !== undefined) changes.username_key = nameKey(changes.username)
  if (changes.email !== undefined) {
    changes.email_key = changes.email === '' ? null : nameKey(changes.email)
    if (row.is_email_verified) changes.is_email_verified = false
  }
  if (password_hash !== undefined) changes.password_hash = password_hash
  return changes
}

/**
 * Changes a user of the caller's enterprise: PUT and PATCH alike, for an absent field keeps its value in both. The body is
 * valid (`faults.ts` and the schema).
 *
 * @param expected entity tags of which the user must still have one; undefined for whichever it has
 * @throws {Problem} `invalid_credentials`, `not_found`, `forbidden`, `precondition_failed`, `weak_password`, `duplicate`,
 *   `unavailable`
 */
export async function changeUser(
  deps: WriteDeps,
  caller: Actor,
  id: number,
  body: UserUpdate,
  expected: readonly string[] | undefined,
): Promise<Shown> {
  const { password = '' } = body
  const password_hash = password === '' ? undefined : await deps.passwords.hash(password, caller.waiter)
  let wanted: UserChanges = {}
  const keys = () => ({ username_key: wanted.username_key, email_key: wanted.email_key ?? undefined })

  const change = async (trx: Transaction<Database>): Promise<UserRow> => {
    const users = userWritesOf(trx, caller.enterprise.id)
    const locked = await users.lock([caller.user.id, id])
    const self = requireStillMayCall('managers-or-self', locked.get(caller.user.id), id)
    const target = requireFound(locked.get(id))
    const changes = changesOf(target, body, password_hash)
    requireMayChange(self, target, changes)
    requireMatch(expected, target)
    // The name or address that the body leaves as it is needs the row; the others were looked at before.
    const [weak, ...others] = deps.passwords.faults(password, { ...target, ...changes })
    if (weak !== undefined) throw Problem.of([weak, ...others])
    wanted = changes
    if (Object.keys(changes).length === 0) return target
    const changed = await users.update(id, changes)
    const keys = keyWritesOf(trx, caller.enterprise.id)
    const revoked = [
      // A new password ends every session of the old one.
      ...(password_hash === undefined ? [] : await keys.revokeOldest(id, 'sign-in', 0)),
      // Also at an activation: a deactivation by a 0.1.0 server leaves keys, which must not work again.
      ...(changes.is_active === undefined ? [] : await keys.revokeAll(id)),
    ]
    const { append } = auditOf(trx, caller.enterprise)
    await append(auditActor(caller), userChanged('user.update', target, changed, changes))
    for (const prefix of revoked) await append(auditActor(caller), keyRevoked(id, prefix))
    return changed
  }
  const row = await writeUser(deps, caller, { keys, exceptId: id }, () => inTransaction(deps.db, change, caller.waiter))
  return show(row, caller.enterprise)
}
