import { type Kysely, sql, type Selectable } from 'kysely'
import { isUnavailable } from './failures.js'
import type { Database, EnterpriseTable } from './schema.js'
import { userColumns, type UserRow } from './users.js'

/** The owner of a valid key: an active user, as far as rules ask about it, and its enterprise. */
export interface KeyOwner {
  readonly user: Pick<UserRow, 'id' | 'role' | 'is_superuser'>
  readonly enterprise: Pick<Selectable<EnterpriseTable>, 'id' | 'uuid' | 'name' | 'google_enterprise_id'>
}

/** A key to look up, by enterprise and SHA-256, and the user that is wanted beside it: by default the key's owner. */
export interface Asked {
  readonly enterprise_id: number
  readonly hash: Buffer
  readonly user_id: number | undefined
}

/** What was asked for, from one snapshot. */
export interface Found extends KeyOwner {
  /** The user that was wanted, if the enterprise of the key has it. */
  readonly wanted: UserRow | undefined
}

/** Looks keys up. Undefined: the key is unknown, expired or revoked, or its user is not active. */
export type Lookup = (asked: Asked) => Promise<Found | undefined>

/** Statements under way at a time. With one, the database would idle while an answer is read. */
const IN_FLIGHT = 2

/** Look-ups in one statement: what a slow database leaves waiting must not become one that is slower still. */
const BATCH = 256

interface Waiting {
  readonly asked: Asked
  readonly done: (found: Found | undefined) => void
  readonly failed: (error: unknown) => void
}

type Row = Omit<UserRow, 'id'> & {
  readonly id: number | null
  readonly n: number
  readonly caller_id: number
  readonly caller_role: UserRow['role']
  readonly caller_is_superuser: boolean
  readonly uuid: string
  readonly name: string
  readonly google_enterprise_id: string | null
}

const wantedColumns = sql.join(userColumns.map((column) => sql.ref(column.replace('user_account.', 'wanted.'))))

async function ask(db: Kysely<Database>, batch: readonly Asked[]): Promise<(Found | undefined)[]> {
  const { rows } = await sql<Row>`
    select asked.n::int as n, caller.id as caller_id, caller.role as caller_role,
      caller.is_superuser as caller_is_superuser, enterprise.uuid, enterprise.name, enterprise.google_enterprise_id,
      ${wantedColumns}
    from unnest(
      ${batch.map(({ enterprise_id }) => enterprise_id)}::bigint[],
      ${batch.map(({ hash }) => hash)}::bytea[],
      ${batch.map(({ user_id }) => user_id ?? null)}::bigint[]
    ) with ordinality as asked (enterprise_id, hash, user_id, n)
    join api_key on api_key.enterprise_id = asked.enterprise_id and api_key.hash = asked.hash
    join user_account as caller on caller.enterprise_id = api_key.enterprise_id and caller.id = api_key.user_id
    join enterprise on enterprise.id = api_key.enterprise_id
    left join user_account as wanted
      on wanted.enterprise_id = api_key.enterprise_id and wanted.id = coalesce(asked.user_id, api_key.user_id)
    where api_key.revoked_on is null and api_key.expires_on > now() and caller.is_active`.execute(db)
  const found: (Found | undefined)[] = Array.from({ length: batch.length })
  for (const row of rows) {
    const { n, caller_id, caller_role, caller_is_superuser, uuid, name, google_enterprise_id, ...wanted } = row
    const { enterprise_id } = batch[n - 1] as Asked
    found[n - 1] = {
      user: { id: caller_id, role: caller_role, is_superuser: caller_is_superuser },
      enterprise: { id: enterprise_id, uuid, name, google_enterprise_id },
      wanted: wanted.id === null ? undefined : (wanted as UserRow),
    }
  }
  return found
}

/**
 * Makes the look-up that every request begins with. Those of one moment, whichever enterprises they are of, become one
 * statement; nothing is kept, so each sees what was acknowledged before it was asked. It is the one place where a statement
 * is not bound to one enterprise: it takes (enterprise, key) pairs and joins by pair.
 */
export function makeLookup(db: Kysely<Database>): Lookup {
  let waiting: Waiting[] = []
  let inFlight = 0
  let isDue = false

  async function answer(batch: readonly Waiting[]): Promise<void> {
    try {
      const found = await ask(db, batch.map(({ asked }) => asked))
      for (const [i, { done }] of batch.entries()) done(found[i])
    } catch (error) {
      // A statement that the database could not run for all of them may still run for each: none fails for its neighbour.
      if (batch.length > 1 && !isUnavailable(error)) for (const one of batch) await answer([one])
      else for (const { failed } of batch) failed(error)
    }
  }

  function send(): void {
    isDue = false
    while (waiting.length > 0 && inFlight < IN_FLIGHT) {
      const batch = waiting.slice(0, BATCH)
      waiting = waiting.slice(BATCH)
      inFlight++
      void answer(batch).finally(() => {
        inFlight--
        sendSoon()
      })
    }
  }

  /** Once all requests that came in the same turn of the event loop are here. */
  function sendSoon(): void {
    if (isDue || waiting.length === 0 || inFlight >= IN_FLIGHT) return
    isDue = true
    setImmediate(send)
  }

  return (asked) =>
    new Promise((done, failed) => {
      waiting.push({ asked, done, failed })
      sendSoon()
    })
}
