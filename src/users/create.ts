import { type Actor, auditActor } from '../auth/authenticate.js'
import { auditOf } from '../db/audit.js'
import { userWritesOf } from '../db/users.js'
import { nameKey } from '../names.js'
import { requireStillMayCall } from './access.js'
import type { Once } from './once.js'
import { userMade } from './trail.js'
import { show, type Shown, type UserCreate } from './user.js'
import { writeUser, type WriteDeps } from './write.js'

/**
 * Creates a user in the caller's enterprise. The body is valid (`faults.ts` and the schema).
 *
 * @param once where the request has an idempotency key
 * @throws {Problem} `invalid_credentials`, `forbidden`, `duplicate`, `unavailable`; with a key also `idempotency_conflict` and
 *   `idempotency_mismatch`
 */
export async function createUser(deps: WriteDeps, caller: Actor, body: UserCreate, once?: Once): Promise<Shown> {
  const { username, password = '', email = '', profile } = body
  const user = {
    username,
    username_key: nameKey(username),
    email,
    email_key: email === '' ? null : nameKey(email),
    first_name: body.first_name ?? '',
    last_name: body.last_name ?? '',
    is_active: body.is_active ?? true,
    is_superuser: false,
    role: profile.role ?? 'Group Viewer',
    groups: [...new Set(profile.groups)],
    authz_role_id: profile.authz_role_id ?? null,
    password_hash: password === '' ? null : await deps.passwords.hash(password, caller.waiter),
  }
  const keys = { username_key: user.username_key, email_key: user.email_key ?? undefined }
  return writeUser(deps, caller, { keys: () => keys }, async (trx) => {
    await once?.hold(trx)
    const users = userWritesOf(trx, caller.enterprise.id)
    const locked = await users.lock([caller.user.id])
    requireStillMayCall('managers', locked.get(caller.user.id), undefined)
    // Since it was looked for, another process may have been done with it.
    const first = await once?.first(trx)
    if (first !== undefined) return first
    const made = await users.insert(user)
    const shown = show(made, caller.enterprise)
    await once?.keep(trx, 201, shown)
    await auditOf(trx, caller.enterprise).append(auditActor(caller), userMade(made, user.password_hash))
    return shown
  })
}
