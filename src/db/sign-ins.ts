import { type Kysely, sql, type Transaction } from 'kysely'
import { againOnConflict } from './database.js'
import type { Database } from './schema.js'
import { milliseconds } from './times.js'

/** The user that a sign-in names, with all that decides about it. */
export interface Account {
  readonly id: number
  readonly is_active: boolean
  readonly password_hash: string | null
  /** The client is registered for the enterprise. */
  readonly has_client: boolean
  /** The user signed in from this network before. */
  readonly is_known: boolean
}

/** What a sign-in names. */
export interface Named {
  /** Digest of the folded name or address. */
  readonly name_key: string
  readonly client: string
  readonly network: string
}

/**
 * The user of this name, or else of this address if it is verified. One statement, whatever is there.
 *
 * @param enterprise_id may be the number of no enterprise
 */
export function findAccount(db: Kysely<Database>, enterprise_id: number, named: Named): Promise<Account | undefined> {
  return db
    .selectFrom('user_account')
    .select((given) => [
      'id',
      'is_active',
      'password_hash',
      given.exists(
        given.selectFrom('client').select(given.lit(1).as('one')).where('enterprise_id', '=', enterprise_id).where('name', '=', named.client),
      ).$castTo<boolean>().as('has_client'),
      given.exists(
        given.selectFrom('sign_in_network')
          .select(given.lit(1).as('one'))
          .where('sign_in_network.enterprise_id', '=', enterprise_id)
          .whereRef('sign_in_network.user_id', '=', 'user_account.id')
          .where('network', '=', named.network),
      ).$castTo<boolean>().as('is_known'),
    ])
    .where('enterprise_id', '=', enterprise_id)
    .where((where) =>
      where.or([
        where('username_key', '=', named.name_key),
        where.and([where('email_key', '=', named.name_key), where('is_email_verified', '=', true)]),
      ]),
    )
    // Somebody may have the address of another as a name.
    .orderBy((order) => order('username_key', '=', named.name_key), 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** The `account` of the row that counts a network as a whole. */
const ANY = ''

/** The limit of a network for a user known there: more tries than a window can hold. */
const UNLIMITED = 2_000_000_000

/** A try to sign in: which counts it belongs to, and their limits. */
export interface Try {
  readonly network: string
  /** The digest of the tenant and the name as sent. */
  readonly account: string
  /** The most failures in a window, of the account from this network and of the network; undefined for no limit. */
  readonly most: { readonly account: number; readonly network: number | undefined }
  readonly windowMs: number
  /** The longest that a try can last: after that, its server has died. */
  readonly holdMs: number
}

// A difference of times in place of `now()`: Citus accepts only immutable functions in `do update`.
const isEnded = ({ windowMs }: Try) => sql`excluded.ends_on - old.ends_on >= ${milliseconds(windowMs)}`

/**
 * Reserves room for a try in both counts, so that concurrent tries can't exceed the limits. One statement locks the row of the
 * network first, so that two tries wait for each other rather than deadlock.
 *
 * @returns the accounts of the rows that had room
 */
async function reserve(db: Kysely<Database>, wanted: Try): Promise<string[]> {
  const { network, account, most, windowMs, holdMs } = wanted
  const held = sql`case when excluded.held_until - old.held_until >= ${milliseconds(holdMs)} then 0 else old.held end`
  const n = sql`case when old.n = 0 or ${isEnded(wanted)} then ${held} else old.n end`
  const row = (counted: string) => sql`(${network}::text, ${counted}::text, 1, now() + ${milliseconds(windowMs)}, 1, now() + ${milliseconds(holdMs)})`
  const reservation = sql<{ account: string }>`
    insert into sign_in_failure as old (network, account, n, ends_on, held, held_until)
    values ${row(ANY)}, ${row(account)}
    on conflict (network, account) do update set
      n = ${n} + 1,
      ends_on = case when old.n = 0 or ${isEnded(wanted)} then excluded.ends_on else old.ends_on end,
      held = ${held} + 1,
      held_until = greatest(old.held_until, excluded.held_until)
    where ${n} < case old.account when ${ANY} then ${most.network ?? UNLIMITED}::integer else ${most.account}::integer end
    returning account`
  const { rows } = await againOnConflict(db, (one) => reservation.execute(one))
  return rows.map((row) => row.account)
}

/** How a try ended: with a wrong or a right password, or without a comparison. */
export type Outcome = 'failed' | 'succeeded' | 'dropped'

/** Ends a try in these counts. A success forgets the failures of its account and network. */
async function end(db: Kysely<Database>, ended: Try, outcome: Outcome, accounts: readonly string[]): Promise<void> {
  const { network, windowMs } = ended
  const failures = outcome === 'failed' ? 1 : 0
  const rows = accounts.map((account) => sql`(${network}::text, ${account}::text, ${failures}::integer, now() + ${milliseconds(windowMs)}, 0, now())`)
  const counted = sql`greatest(old.n - 1, 0)`
  const set = {
    // A failure counts in the window in which its try ends.
    failed: sql`
      n = case when ${isEnded(ended)} then greatest(old.held, 1) else old.n end,
      ends_on = case when ${isEnded(ended)} then excluded.ends_on else old.ends_on end`,
    succeeded: sql`n = case old.account when ${ANY} then ${counted} else greatest(old.held - 1, 0) end`,
    dropped: sql`n = ${counted}`,
  }[outcome]
  const ending = sql`
    insert into sign_in_failure as old (network, account, n, ends_on, held, held_until) values ${sql.join(rows)}
    on conflict (network, account) do update set held = greatest(old.held - 1, 0), ${set}`
  await againOnConflict(db, (one) => ending.execute(one))
}

/** Ends a try for which there was room. */
export function endTry(db: Kysely<Database>, ended: Try, outcome: Outcome): Promise<void> {
  return end(db, ended, outcome, [ANY, ended.account])
}

/** A count without room: failures fill it, or failures and tries in progress together. */
export interface NoRoom {
  readonly of: 'account' | 'network'
  readonly most: number
  /** Seconds until the window of the count ends, where failures alone fill it; undefined where a try in progress may free room. */
  readonly seconds: number | undefined
}

async function whyNoRoom(db: Kysely<Database>, { network, account, most }: Try): Promise<NoRoom | undefined> {
  const { rows } = await sql<{ account: string; n: number; failed: number; seconds: number }>`
    select account, n, case when held_until > now() then n - held else n end as failed,
      greatest(1, ceil(extract(epoch from ends_on - now())))::integer as seconds
    from sign_in_failure where network = ${network} and account in (${ANY}, ${account}) and ends_on > now()`.execute(db)
  const full = (['account', 'network'] as const).flatMap((of): (NoRoom & { n: number })[] => {
    const limit = most[of] ?? UNLIMITED
    const row = rows.find((one) => (one.account === ANY) === (of === 'network'))
    if (row === undefined || row.n < limit) return []
    return [{ of, n: row.n, most: limit, seconds: row.failed >= limit ? row.seconds : undefined }]
  })
  return full.find(({ seconds }) => seconds !== undefined) ?? full[0]
}

/**
 * Begins a try if there is room for it: `endTry` must follow. A try without room is not counted.
 *
 * @returns undefined when the try has begun; else the count that is full
 */
export async function beginTry(db: Kysely<Database>, wanted: Try): Promise<NoRoom | undefined> {
  const reserved = await reserve(db, wanted)
  if (reserved.length === 2) return undefined
  if (reserved.length > 0) await end(db, wanted, 'dropped', reserved)
  // Room was freed meanwhile, or tries of the last window still fill it: the caller retries.
  return (await whyNoRoom(db, wanted)) ?? { of: 'account', most: wanted.most.account, seconds: undefined }
}

/** Rows that are deleted in one statement. */
const BATCH = 1000

/** Deletes counts that have ended, a bounded number of them. */
export async function deleteEndedTries(db: Kysely<Database>): Promise<void> {
  await sql`
    delete from sign_in_failure where (network, account) in (
      select network, account from sign_in_failure where ends_on < now() order by ends_on limit ${sql.lit(BATCH)}
    ) and ends_on < now() and (held = 0 or held_until < now())`.execute(db)
}

/** Networks that are kept of a user. */
const NETWORKS = 20

/** Remembers that a user, whose row is locked, signed in from a network; of each the last ones are kept. */
export async function rememberNetwork(
  trx: Transaction<Database>,
  enterprise_id: number,
  { user_id, network }: { user_id: number; network: string },
): Promise<void> {
  await trx
    .insertInto('sign_in_network')
    .values({ enterprise_id, user_id, network, last_on: sql<Date>`clock_timestamp()` })
    .onConflict((conflict) =>
      conflict.columns(['enterprise_id', 'user_id', 'network']).doUpdateSet({ last_on: sql<Date>`excluded.last_on` }),
    )
    .execute()
  const networks = trx.selectFrom('sign_in_network').where('enterprise_id', '=', enterprise_id).where('user_id', '=', user_id)
  await trx
    .deleteFrom('sign_in_network')
    .where('enterprise_id', '=', enterprise_id)
    .where('user_id', '=', user_id)
    .where('network', 'in', networks.select('network').orderBy('last_on', 'desc').offset(NETWORKS))
    .execute()
}
