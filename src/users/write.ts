import type { Kysely } from 'kysely'
import type { Passwords } from '../auth/passwords.js'
import type { Actor } from '../auth/authenticate.js'
import type { Database } from '../db/schema.js'
import { DuplicateUser } from '../db/user-writes.js'
import { type UserKeys, usersOf } from '../db/users.js'
import { type Fault, Problem } from '../errors.js'

/** What the rules of writes need: the database, and the process's passwords. */
export interface WriteDeps {
  readonly db: Kysely<Database>
  readonly passwords: Passwords
}

/** How often a write is tried again when the user that stood in its way is gone at a second look. */
const ATTEMPTS = 3

/**
 * Runs a write. The database's constraints decide what is a duplicate; only when they refused is it looked up whether it was
 * the name, the address or both.
 *
 * @param wanted the keys that the write wanted, known once it ran
 * @throws {Problem} `duplicate`
 */
export async function writeUser<T>(
  { db }: WriteDeps,
  { enterprise }: Actor,
  wanted: { readonly keys: () => UserKeys; readonly exceptId?: number },
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof DuplicateUser)) throw error
    }
    const taken = await usersOf(db, enterprise.id).taken(wanted.keys(), wanted.exceptId)
    const [first, ...others] = (['username', 'email'] as const)
      .filter((field) => taken[field])
      .map((field): Fault => ({ code: 'duplicate', text: `${field}: belongs to another user` }))
    if (first !== undefined) throw Problem.of([first, ...others])
    if (attempt === ATTEMPTS) throw new Problem('unavailable')
  }
}
