import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Database, IdempotencyKeyTable } from './schema.js'

/** What a kept answer is found by: who called, which operation, and the SHA-256 of the key that was sent. */
export type RequestId = Pick<IdempotencyKeyTable, 'user_id' | 'operation' | 'key_hash'>

/** A kept answer, and the HMAC of the body that it answered. */
export type KeptAnswer = Pick<Selectable<IdempotencyKeyTable>, 'body_hmac' | 'body' | 'etag'>

/** Answers that have expired and are deleted in one go, at most: several for each that is kept, so that they become fewer. */
const PRUNED = 20

/** The kept answers of one enterprise, to read. */
export function keptAnswersOf(db: Kysely<Database>, enterprise_id: number) {
  return {
    /** The answer to an earlier request, if it is not older than so many hours. */
    find: ({ user_id, operation, key_hash }: RequestId, hours: number): Promise<KeptAnswer | undefined> =>
      db
        .selectFrom('idempotency_key')
        .select(['body_hmac', 'body', 'etag'])
        .where('enterprise_id', '=', enterprise_id)
        .where('user_id', '=', user_id)
        .where('operation', '=', operation)
        .where('key_hash', '=', key_hash)
        .where('created_on', '>', sql<Date>`now() - make_interval(hours => ${hours}::int)`)
        .executeTakeFirst(),
  }
}

/** The kept answers of one enterprise, to write, in a transaction. */
export function keptAnswerWritesOf(trx: Transaction<Database>, enterprise_id: number) {
  return {
    /** Holds a lock until the transaction ends; false, at once, when another transaction has it. */
    async hold(lock: bigint): Promise<boolean> {
      const { rows } = await sql<{ held: boolean }>`
        select pg_try_advisory_xact_lock(${lock.toString()}::bigint) as held`.execute(trx)
      return rows[0]?.held === true
    },

    /** Keeps an answer, in the place of one that has expired. */
    async keep(answer: Omit<IdempotencyKeyTable, 'enterprise_id' | 'created_on' | 'body'> & { body: string }): Promise<void> {
      await trx
        .insertInto('idempotency_key')
        .values({ ...answer, enterprise_id })
        .onConflict((conflict) =>
          conflict.columns(['enterprise_id', 'user_id', 'operation', 'key_hash']).doUpdateSet((eb) => ({
            body_hmac: eb.ref('excluded.body_hmac'),
            status: eb.ref('excluded.status'),
            body: eb.ref('excluded.body'),
            etag: eb.ref('excluded.etag'),
            target_id: eb.ref('excluded.target_id'),
            created_on: eb.ref('excluded.created_on'),
          })),
        )
        .execute()
    },
  }
}

/** Deletes some of the answers that are older than so many hours; those that another transaction deletes are left to it. */
export async function pruneKeptAnswers(db: Kysely<Database>, enterprise_id: number, hours: number): Promise<void> {
  await sql`
    with expired as materialized (
      select user_id, operation, key_hash from idempotency_key
      where enterprise_id = ${enterprise_id} and created_on <= now() - make_interval(hours => ${hours}::int)
      order by created_on limit ${sql.lit(PRUNED)} for update skip locked
    )
    delete from idempotency_key as kept using expired
    where kept.enterprise_id = ${enterprise_id} and kept.user_id = expired.user_id
      and kept.operation = expired.operation and kept.key_hash = expired.key_hash`.execute(db)
}
