import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from './schema.js'

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

/** How often it was tried, this time included, and the seconds until that is forgotten. */
export interface Tries {
  readonly n: number
  readonly seconds: number
}

/** The `account` of the row that counts a network as a whole. */
const ANY = ''

/** More than this are not counted. */
const MOST = 1_000_000

/**
 * Counts a try as failed, before it is known whether it did, so that no number of them at once gets past the limits; one that
 * succeeds is taken back. One statement, in which the row of the network comes first, so that two wait rather than deadlock.
 */
export async function countTry(
  db: Kysely<Database>,
  { network, account, windowMs }: { network: string; account: string; windowMs: number },
): Promise<{ account: Tries; network: Tries }> {
  const { rows } = await sql<Tries & { account: string }>`
    insert into sign_in_failure as old (network, account, n, ends_on)
    select ${network}::text, counted, 1, now() + ${windowMs}::double precision * interval '1 millisecond'
    from unnest(array[${ANY}, ${account}]::text[]) as counted
    on conflict (network, account) do update set
      n = case when old.ends_on <= now() then 1 else least(old.n + 1, ${sql.lit(MOST)}) end,
      ends_on = case when old.ends_on <= now() then excluded.ends_on else old.ends_on end
    returning account, n, greatest(1, ceil(extract(epoch from ends_on - now())))::integer as seconds`.execute(db)
  const of = (counted: string) => rows.find((row) => row.account === counted) as Tries
  return { account: of(account), network: of(ANY) }
}

/** Takes back a try that succeeded, and the failures of this account and network before it. */
export async function forgiveTry(db: Kysely<Database>, { network, account }: { network: string; account: string }): Promise<void> {
  const failures = db.deleteFrom('sign_in_failure').where('network', '=', network).where('account', '=', account)
  await failures.execute()
  const all = db.updateTable('sign_in_failure').set({ n: sql<number>`greatest(n - 1, 0)` })
  await all.where('network', '=', network).where('account', '=', ANY).execute()
}

/** Rows that are deleted in one statement. */
const BATCH = 1000

/** Deletes counts that have ended, a bounded number of them. */
export async function deleteEndedTries(db: Kysely<Database>): Promise<void> {
  await sql`
    delete from sign_in_failure where (network, account) in (
      select network, account from sign_in_failure where ends_on < now() order by ends_on limit ${sql.lit(BATCH)}
    ) and ends_on < now()`.execute(db)
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
