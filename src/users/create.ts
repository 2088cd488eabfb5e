import type { Kysely, Transaction } from 'kysely'
import { type Actor, auditActor } from '../auth/authenticate.js'
import { beginTrail } from '../db/audit.js'
import { inStatement, inTransaction } from '../db/database.js'
import type { Database } from '../db/schema.js'
import { insertBy, type NewUser } from '../db/user-writes.js'
import { usersOf } from '../db/users.js'
import { Problem } from '../errors.js'
import { nameKey } from '../names.js'
import { requireStillMayCall } from './access.js'
import type { Once } from './once.js'
import { userMade } from './trail.js'
import { show, type Shown, type UserCreate } from './user.js'
import { writeUser, type WriteDeps } from './write.js'

/** How often it is tried for a maker who is another each time, but may. */
const ATTEMPTS = 3

/** Inserts the user. Undefined: the maker is not as it was, or the trail was not begun. */
async function insertFor(db: Kysely<Database>, caller: Actor, maker: Actor['user'], user: NewUser): Promise<Shown | undefined> {
  const made = await insertBy(db, caller.enterprise, maker, user, { ...auditActor(caller), ...userMade(user) })
  return made && show(made, caller.enterprise)
}

/** The same under an idempotency key. */
async function insertOnce(
  trx: Transaction<Database>,
  { hold, first, keep }: Once,
  insert: (trx: Transaction<Database>) => Promise<Shown | undefined>,
): Promise<Shown | undefined> {
  await hold(trx)
  // Since it was looked for, another process may have been done with it.
  const before = await first(trx)
  if (before !== undefined) return before
  const shown = await insert(trx)
  if (shown !== undefined) await keep(trx, 201, shown)
  return shown
}

/**
 * Creates a user in the caller's enterprise. The body is valid (`faults.ts` and the schema).
 *
 * @param once where the request has an idempotency key
 * @throws {Problem} `invalid_credentials`, `forbidden`, `duplicate`, `unavailable`; with a key also `idempotency_conflict` and
 *   `idempotency_mismatch`
 */
export async function createUser(deps: WriteDeps, caller: Actor, body: UserCreate, once?: Once): Promise<Shown> {
  const { username, password = '', email = '', profile } = body
  const user: NewUser = {
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
  const { db } = deps
  const { enterprise, waiter } = caller
  let maker = caller.user
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const insert = (executor: Kysely<Database>) => insertFor(executor, caller, maker, user)
    const shown = await writeUser(deps, caller, { keys: () => keys }, () =>
      once === undefined ? inStatement(db, insert, waiter) : inTransaction(db, (trx) => insertOnce(trx, once, insert), waiter),
    )
    if (shown !== undefined) return shown
    // It may be that an operator changed it, or that the trail was not begun: what a first release made has none.
    maker = requireStillMayCall('managers', await usersOf(db, enterprise.id).find(maker.id), undefined)
    await beginTrail(db, enterprise.id)
  }
  throw new Problem('unavailable')
}
