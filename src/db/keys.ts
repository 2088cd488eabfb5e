import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { ApiKeyTable, Database } from './schema.js'

/** A key as listed: never its hash, and the secret is not stored at all. */
export type KeyRow = Pick<
  Selectable<ApiKeyTable>,
  'user_id' | 'prefix' | 'created_on' | 'expires_on' | 'revoked_on' | 'last_used_on'
> & { username: string }

/** The keys of one enterprise, to read. */
export function keysOf(db: Kysely<Database>, enterprise_id: number) {
  return {
    /** All keys, also expired and revoked ones, oldest first. */
    list: (): Promise<KeyRow[]> =>
      db
        .selectFrom('api_key')
        .innerJoin('user_account', (join) =>
          join
            .onRef('user_account.enterprise_id', '=', 'api_key.enterprise_id')
            .onRef('user_account.id', '=', 'api_key.user_id'),
        )
        .select([
          'api_key.user_id',
          'user_account.username',
          'api_key.prefix',
          'api_key.created_on',
          'api_key.expires_on',
          'api_key.revoked_on',
          'api_key.last_used_on',
        ])
        .where('api_key.enterprise_id', '=', enterprise_id)
        .orderBy('api_key.created_on')
        .orderBy('api_key.prefix')
        .execute(),
  }
}

/** The keys of one enterprise, to write, in a transaction. */
export function keyWritesOf(trx: Transaction<Database>, enterprise_id: number) {
  return {
    /** Stores a key of a user of this enterprise. */
    async insert(key: Pick<ApiKeyTable, 'user_id' | 'hash' | 'prefix' | 'expires_on'>): Promise<void> {
      await trx
        .insertInto('api_key')
        .values({ ...key, enterprise_id })
        .execute()
    },

    /** Revokes the keys with this display prefix that are not revoked yet, and says whose they were. */
    async revoke(prefix: string): Promise<number[]> {
      const rows = await trx
        .updateTable('api_key')
        .set({ revoked_on: sql<Date>`now()` })
        .where('enterprise_id', '=', enterprise_id)
        .where('prefix', '=', prefix)
        .where('revoked_on', 'is', null)
        .returning('user_id')
        .execute()
      return rows.map(({ user_id }) => user_id)
    },
  }
}
