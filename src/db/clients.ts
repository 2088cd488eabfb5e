import type { Kysely, Selectable, Transaction } from 'kysely'
import type { ClientTable, Database } from './schema.js'
import { jsonTime, withDates } from './times.js'

/** A client as listed. */
export type ClientRow = Pick<Selectable<ClientTable>, 'name' | 'created_on'>

/** The clients (`X-Client-Id`) of one enterprise, to read. */
export function clientsOf(db: Kysely<Database>, enterprise_id: number) {
  return {
    /** Whether a client of this name is registered. */
    async has(name: string): Promise<boolean> {
      const row = await db
        .selectFrom('client')
        .select('name')
        .where('enterprise_id', '=', enterprise_id)
        .where('name', '=', name)
        .executeTakeFirst()
      return row !== undefined
    },

    /** All registered clients by name. */
    async list(): Promise<ClientRow[]> {
      const rows = await db
        .selectFrom('client')
        .select(['name', jsonTime('created_on')])
        .where('enterprise_id', '=', enterprise_id)
        .orderBy('name')
        .execute()
      return rows.map((row) => withDates<ClientRow>(row, ['created_on']))
    },
  }
}

/** The clients of one enterprise, to write, in a transaction. */
export function clientWritesOf(trx: Transaction<Database>, enterprise_id: number) {
  return {
    /** Registers a client, and says whether it was not registered before. */
    async insert(name: string): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto('client')
        .values({ enterprise_id, name })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    /** Removes a client, and says whether it was registered. */
    async delete(name: string): Promise<boolean> {
      const { numDeletedRows } = await trx
        .deleteFrom('client')
        .where('enterprise_id', '=', enterprise_id)
        .where('name', '=', name)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}
