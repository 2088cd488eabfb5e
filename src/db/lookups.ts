import { setImmediate as turn } from 'node:timers/promises'
import { CompiledQuery, type Kysely, type Selectable } from 'kysely'
import { overloaded, type Waiter } from '../overload.js'
import { isDataFault } from './failures.js'
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

/** A key to look up, by enterprise and SHA-256, and the user that is wanted beside it: by default the key's owner. */
export interface Asked {
  readonly enterprise_id: number
  readonly hash: Buffer
  readonly user_id: number | undefined
  /** Who asks: once they have left they are not looked up any more. */
  readonly waiter?: Waiter | undefined
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

/** Statements under way at a time, at most. Another one is sent beside one only once more wait than one statement takes. */
const IN_FLIGHT = 4

/** Look-ups that are worth a statement of their own: it costs both sides as much as so many rows. */
const WORTH_ONE = 8

/** Look-ups in one statement: what a slow database leaves waiting must not become one that is slower still. */
const BATCH = 256

/** Look-ups that may wait, unless told otherwise. */
const QUEUE = 1000

/** The look-ups of this process, and the statements they were sent in, since its start. */
export const lookups = { keys: 0, statements: 0 }

interface Waiting {
  readonly asked: Asked
  readonly done: (found: Found | undefined) => void
  readonly failed: (error: unknown) => void
}

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

const ONE = `select ${found('1')} from ${joined('$1::bigint', '$2::bytea', '$3::bigint')}`

const MANY = `select ${found('asked.n')}
  from unnest($1::bigint[], $2::bytea[], $3::bigint[]) with ordinality as asked (enterprise_id, hash, user_id, n),
  ${joined('asked.enterprise_id', 'asked.hash', 'asked.user_id')}`

/** An array as Postgres reads it, of values that need no quotes. */
function arrayOf(batch: readonly Asked[], element: (asked: Asked) => string | number | undefined): string {
  let text = ''
  for (const asked of batch) text += `,${String(element(asked) ?? 'NULL')}`
  return `{${text.slice(1)}}`
}

/** The statement for a batch. For one alone there is one that costs the database less: it needs no arrays taken apart. */
function statementFor(batch: readonly Asked[]): CompiledQuery<Row> {
  const [one] = batch as [Asked]
  return batch.length === 1
    ? CompiledQuery.raw(ONE, [one.enterprise_id, one.hash, one.user_id ?? null])
    : CompiledQuery.raw(MANY, [
        arrayOf(batch, ({ enterprise_id }) => enterprise_id),
        arrayOf(batch, ({ hash }) => `"\\\\x${hash.toString('hex')}"`),
        arrayOf(batch, ({ user_id }) => user_id),
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
 * Makes the look-up that every request begins with. Those of one moment, whichever enterprises they are of, become one
 * statement; nothing is kept, so each sees what was acknowledged before it was asked. It is the one place where a statement
 * is not bound to one enterprise: it takes (enterprise, key) pairs and joins by pair.
 *
 * @param queue how many may wait; what comes beyond is refused
 */
export function makeLookup(db: Kysely<Database>, queue = QUEUE): Lookup {
  let waiting: Waiting[] = []
  let inFlight = 0
  let isDue = false
  let seen = 0
  let usual = 1

  function isWorthSending(): boolean {
    return waiting.length > inFlight * BATCH && inFlight < IN_FLIGHT
  }

  /**
   * Those that waited longest, and still wait: half of all that seem to be about, so that the database has the one half while
   * the process makes the answers of the other.
   */
  function nextBatch(answering: number): Waiting[] {
    const batch: Waiting[] = []
    const most = Math.min(BATCH, Math.max(WORTH_ONE, Math.ceil((waiting.length + answering) / 2)))
    let at = 0
    for (; at < waiting.length && batch.length < most; at++) {
      const one = waiting[at] as Waiting
      if (one.asked.waiter?.hasLeft === true) one.failed(overloaded('left'))
      else batch.push(one)
    }
    waiting = waiting.slice(at)
    return batch
  }

  /** Drops those that left, which matters only where the database is slow. */
  function hasRoom(): boolean {
    if (waiting.length < queue) return true
    const [left, others] = [true, false].map((whether) => waiting.filter(({ asked }) => (asked.waiter?.hasLeft === true) === whether))
    waiting = others as Waiting[]
    for (const { failed } of left as Waiting[]) failed(overloaded('left'))
    return waiting.length < queue
  }

  /** Asks for a batch. Returns what tells those who wait for it. */
  async function outcomeOf(batch: readonly Waiting[]): Promise<() => void> {
    try {
      const found = await ask(db, batch.map(({ asked }) => asked))
      return () => {
        for (const [i, { done }] of batch.entries()) done(found[i])
      }
    } catch (error) {
      // None fails for a neighbour's value: the halves without it can be answered, and so its half is halved again.
      if (batch.length > 1 && isDataFault(error)) {
        const half = Math.ceil(batch.length / 2)
        const outcomes = [await outcomeOf(batch.slice(0, half)), await outcomeOf(batch.slice(half))]
        return () => {
          for (const tell of outcomes) tell()
        }
      }
      return () => {
        for (const { failed } of batch) failed(error)
      }
    }
  }

  async function answer(batch: readonly Waiting[]): Promise<void> {
    const tell = await outcomeOf(batch)
    inFlight--
    if (waiting.length < WORTH_ONE) sendSoon()
    else {
      // On its way before the answers are made, which takes longer than all else.
      sendAll(batch.length)
      await turn()
    }
    tell()
  }

  function sendAll(answering: number): void {
    while (isWorthSending()) {
      const batch = nextBatch(answering)
      if (batch.length === 0) continue
      usual = batch.length
      inFlight++
      void answer(batch)
    }
  }

  function send(): void {
    const isGrowing = waiting.length > seen && waiting.length < usual
    seen = waiting.length
    if (isGrowing) {
      // As many as last time may be about to come: one turn more for them, as long as each brings some.
      setImmediate(send)
      return
    }
    isDue = false
    seen = 0
    sendAll(0)
  }

  /** Once all requests that came in the same turn of the event loop are here. */
  function sendSoon(): void {
    if (isDue || !isWorthSending()) return
    isDue = true
    setImmediate(send)
  }

  return (asked) =>
    new Promise((done, failed) => {
      if (!hasRoom()) {
        failed(overloaded('lookups'))
        return
      }
      waiting.push({ asked, done, failed })
      sendSoon()
    })
}
