import { type Kysely, sql, type Transaction } from 'kysely'
import { inTransaction } from './database.js'
import type { Database } from './schema.js'

/** A block of ids whose stored count is not the number of its users. */
export interface Miscount {
  readonly enterprise: string
  readonly level: number
  readonly block: number
  readonly stored: number
  readonly actual: number
}

/** A sequence that would assign an id again, as after a restore of data alone or a switch to a logical replica. */
export interface SequenceFault {
  readonly sequence: string
  /** The id that it would assign next. */
  readonly next: number
  /** The highest id of the users and of the audit trail. */
  readonly given: number
}

/** The faults of a directory. */
export interface Faults {
  readonly counts: Miscount[]
  readonly sequences: SequenceFault[]
}

const ACTUAL = sql`
  select enterprise_id, 1 as level, id >> 10 as block, count(*) as n from user_account group by 1, 2, 3
  union all
  select enterprise_id, 2 as level, id >> 20 as block, count(*) as n from user_account group by 1, 2, 3`

/** Compares every stored count of users with the users that are there. Empty: all is right. */
export async function findMiscounts(db: Kysely<Database>): Promise<Miscount[]> {
  const { rows } = await sql<Miscount>`
    with actual as (${ACTUAL})
    select enterprise.name as enterprise, level, block, coalesce(user_count.n, 0) as stored, coalesce(actual.n, 0) as actual
    from user_count full join actual using (enterprise_id, level, block)
    join enterprise on enterprise.id = enterprise_id
    where coalesce(user_count.n, 0) <> coalesce(actual.n, 0)
    order by enterprise.name, level, block`.execute(db)
  return rows
}

async function findSequenceFaults(trx: Transaction<Database>): Promise<SequenceFault[]> {
  const { rows: sequences } = await sql<{ name: string }>`select pg_get_serial_sequence('user_account', 'id') as name`.execute(trx)
  const { name } = sequences[0] as { name: string }
  // The audit trail keeps the ids of deleted users.
  const { rows } = await sql<SequenceFault>`
    select ${name}::text as sequence, last_value + is_called::integer as next, given
    from ${sql.raw(name)}, (
      select greatest((select max(id) from user_account), (select max(user_id) from audit_entry), 0) as given
    ) as ids
    where last_value + is_called::integer <= given`.execute(trx)
  return rows
}

async function findIn(trx: Transaction<Database>): Promise<Faults> {
  // A sequence is not part of a snapshot. Read after the snapshot began, its value is at least as high as the ids in it.
  const counts = await findMiscounts(trx)
  return { counts, sequences: await findSequenceFaults(trx) }
}

/** Checks every stored count of users, and the sequence of their ids, in one snapshot. */
export function findFaults(db: Kysely<Database>): Promise<Faults> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(findIn)
}

/**
 * Repairs all faults that `findFaults` finds. Servers may run meanwhile: their writes to users wait.
 *
 * @returns the faults that were repaired
 */
export function repair(db: Kysely<Database>): Promise<Faults> {
  return inTransaction(db, async (trx) => {
    // An insert locks the table before it takes an id, so no id is taken between the check and the repair.
    await sql`lock table user_account, user_count in share row exclusive mode`.execute(trx)
    const faults = await findIn(trx)
    for (const { sequence, given } of faults.sequences) {
      await sql`select setval(${sequence}::text::regclass, ${given}::bigint)`.execute(trx)
    }
    if (faults.counts.length > 0) {
      await sql`delete from user_count`.execute(trx)
      await sql`insert into user_count (enterprise_id, level, block, n) ${ACTUAL}`.execute(trx)
    }
    return faults
  })
}
