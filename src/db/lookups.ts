import { CompiledQuery, type Kysely, type Selectable } from 'kysely'
import { inBatches, type Question } from './batches.js'
import type { Database, EnterpriseTable } from './schema.js'
import { userColumns, userOf, type UserRow, type UserValues } from './users.js'

/** The owner of a valid key: an active user, as far as rules ask about it, and its enterprise. */
export interface KeyOwner {
  readonly user: Pick<UserRow, 'id' | 'role' | 'is_superuser'>
  readonly enterprise: Pick<Selectable<EnterpriseTable>, 'id' | 'uuid' | 'name' | 'google_enterprise_id'>
}

/** The key that was looked up, as far as every request asks about it. */
export interface FoundKey {
  readonly id: string
  readonly read_only: boolean
}

/** A key to look up, by enterprise and SHA-256 in hexadecimal, and the user that is wanted beside it: by default the key's owner. */
export interface Asked extends Question {
  readonly enterprise_id: number
  readonly hash: string
  readonly user_id: number | undefined
}

/** What was asked for, from one snapshot. */
export interface Found extends KeyOwner {
  readonly api_key: FoundKey
  /** The user that was wanted, if the enterprise of the key has it. */
  readonly wanted: UserRow | undefined
}

/**
 * Looks keys up. Undefined: the key is unknown, expired or revoked, or its user is not active.
 *
 * @throws {Problem} `unavailable` when too many wait already, or nobody waits any more
 */
export type Lookup = (asked: Asked) => Promise<Found | undefined>

/** The look-ups of this process, and the statements they were sent in, since its start. */
export const lookups = { keys: 0, statements: 0 }

// A JSON array is read in one go, where so many columns would take longer than the statement.
const found = (n: string): string => `json_build_array(${n}, json_build_array(caller.id, caller.role, caller.is_superuser,
    enterprise.uuid, enterprise.name, enterprise.google_enterprise_id, api_key.id, api_key.read_only),
    json_build_array(${userColumns.map((column) => column.replace('user_account.', 'wanted.')).join(', ')})) as found`

// Each table is gone to by its key for each row, whatever the planner thinks of them: `limit` lets it choose no other way.
const joined = (enterprise_id: string, hash: string, user_id: string): string => `
  lateral (
    select id, enterprise_id, user_id, read_only from api_key
    where enterprise_id = ${enterprise_id} and hash = ${hash} and revoked_on is null and expires_on > now() limit 1
  ) as api_key
  cross join lateral (
    select id, role, is_superuser from user_account
    where enterprise_id = api_key.enterprise_id and id = api_key.user_id and is_active limit 1
  ) as caller
  cross join lateral (
    select uuid, name, google_enterprise_id from enterprise where id = api_key.enterprise_id limit 1
  ) as enterprise
  left join lateral (
    select ${userColumns.join(', ')} from user_account
    where enterprise_id = api_key.enterprise_id and id = coalesce(${user_id}, api_key.user_id) limit 1
  ) as wanted on true`

const ONE = `select ${found('1')} from ${joined('$1::bigint', "decode($2::text, 'hex')", '$3::bigint')}`

/** Stands for no user id: with `array_nulls` off, Postgres reads NULL in an array as a text. */
const NOBODY = -1

// An array inside a sub-select is of unknown length to the planner, as it is in a plan for all values; else a batch of fewer than
// the ten that it takes for granted looks cheaper planned anew each time, which takes as long as looking eight up.
const MANY = `select ${found('asked.n')}
  from unnest((select $1::bigint[]), (select $2::bytea[]), (select $3::bigint[])) with ordinality as asked (enterprise_id, hash, user_id, n),
  ${joined('asked.enterprise_id', 'asked.hash', `nullif(asked.user_id, ${String(NOBODY)})`)}`

/** An array as Postgres reads it, of values that need no quotes. */
function arrayOf(batch: readonly Asked[], element: (asked: Asked) => string | number): string {
  let text = ''
  for (const asked of batch) text += `,${String(element(asked))}`
  return `{${text.slice(1)}}`
}

/** The statement for a batch. For one alone there is one that costs the database less: it needs no arrays taken apart. */
function statementFor(batch: readonly Asked[]): CompiledQuery<Row> {
  const [one] = batch as [Asked]
  return batch.length === 1
    ? CompiledQuery.raw(ONE, [one.enterprise_id, one.hash, one.user_id ?? null])
    : CompiledQuery.raw(MANY, [
        arrayOf(batch, ({ enterprise_id }) => enterprise_id),
        arrayOf(batch, ({ hash }) => `"\\\\x${hash}"`),
        arrayOf(batch, ({ user_id }) => user_id ?? NOBODY),
      ])
}

interface Row {
  readonly found: readonly [
    n: number,
    owner: readonly [
      id: number,
      role: UserRow['role'],
      is_superuser: boolean,
      uuid: string,
      name: string,
      google_enterprise_id: string | null,
      key_id: string,
      read_only: boolean,
    ],
    wanted: UserValues,
  ]
}

async function ask(db: Kysely<Database>, batch: readonly Asked[]): Promise<(Found | undefined)[]> {
  lookups.keys += batch.length
  lookups.statements++
  const { rows } = await db.executeQuery(statementFor(batch))
  const found: (Found | undefined)[] = Array.from({ length: batch.length })
  for (const row of rows) {
    const [n, [id, role, is_superuser, uuid, name, google_enterprise_id, key_id, read_only], wanted] = row.found
    const { enterprise_id } = batch[n - 1] as Asked
    found[n - 1] = {
      user: { id, role, is_superuser },
      enterprise: { id: enterprise_id, uuid, name, google_enterprise_id },
      api_key: { id: key_id, read_only },
      wanted: userOf(wanted),
    }
  }
  return found
}

/**
 * Makes the look-up that every request begins with. Those of one moment share statements, whichever enterprises they are of. It
 * is the one place where a statement is not bound to one enterprise: it takes (enterprise, key) pairs and joins by pair.
 *
 * @param queue how many may wait; what comes beyond is refused
 * @param isTraced whether a statement shall be in the span of the first request that it is for
 */
export function makeLookup(db: Kysely<Database>, queue?: number, isTraced?: boolean): Lookup {
  return inBatches((batch) => ask(db, batch), queue, isTraced)
}
