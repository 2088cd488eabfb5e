import type { Kysely } from 'kysely'
import type { Caller } from '../auth/authenticate.js'
import type { Database } from '../db/schema.js'
import { type UserRow, usersOf } from '../db/users.js'
import { nameKey } from '../names.js'
import { noSuchUser, seesEveryone } from './access.js'
import { show, type Shown, toUser, type User } from './user.js'

/**
 * The user that the request names, which was read together with the caller.
 *
 * @throws {Problem} `not_found`, alike for one that is not there and one that the caller may not see
 */
export function readUser(caller: Caller): Shown {
  const { user, enterprise, wanted } = caller
  if (wanted === undefined || (wanted.id !== user.id && !seesEveryone(caller))) throw noSuchUser()
  return show(wanted, enterprise)
}

/** The caller itself, in a request that names no user, with the key it presented. */
export function readSelf({ enterprise, wanted, key }: Caller): User {
  return toUser(wanted as UserRow, enterprise, key)
}

/** A page to read: how many, from where, and filters by name and address. */
export interface PageQuery {
  readonly limit: number
  readonly offset: number
  readonly username?: string
  readonly email?: string
}

/** One page of the users that the caller may see, by ascending id, and the count of all of them under the filters. */
export async function readPage(
  db: Kysely<Database>,
  caller: Caller,
  { limit, offset, username, email }: PageQuery,
): Promise<{ count: number; results: User[] }> {
  const users = usersOf(db, caller.enterprise.id)
  const userOf = (row: UserRow) => toUser(row, caller.enterprise)
  const filtered = username !== undefined || email !== undefined
  if (seesEveryone(caller) && !filtered) {
    const { count, rows } = await users.page({ limit, offset })
    return { count, results: rows.map(userOf) }
  }
  // Names and addresses are unique, so under a filter there is one user at most.
  const match = filtered
    ? await users.match({ username_key: username && nameKey(username), email_key: email && nameKey(email) })
    : (caller.wanted as UserRow)
  const visible = match !== undefined && (seesEveryone(caller) || match.id === caller.user.id) ? [match] : []
  return { count: visible.length, results: visible.slice(offset).map(userOf) }
}
