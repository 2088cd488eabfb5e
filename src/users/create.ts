import { type Actor, auditActor } from '../auth/authenticate.js'
import { auditOf } from '../db/audit.js'
import { userWritesOf } from '../db/users.js'
import { nameKey } from '../names.js'
import { requireStillMayCall } from './access.js'
import { userMade } from './trail.js'
import { toUser, type User, type UserCreate } from './user.js'
import { writeUser, type WriteDeps } from './write.js'

/**
 * Creates a user in the caller's enterprise. The body is valid (`faults.ts` and the schema).
 *
 * @throws {Problem} `invalid_credentials`, `forbidden`, `duplicate`, `unavailable`
 */
export async function createUser(deps: WriteDeps, caller: Actor, body: UserCreate): Promise<User> {
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
  const row = await writeUser(deps, caller, { keys: () => keys }, async (trx) => {
    const users = userWritesOf(trx, caller.enterprise.id)
    const locked = await users.lock([caller.user.id])
    requireStillMayCall('managers', locked.get(caller.user.id), undefined)
    const made = await users.insert(user)
    await auditOf(trx, caller.enterprise).append(auditActor(caller), userMade(made, user.password_hash))
    return made
  })
  return toUser(row, caller.enterprise)
}
