import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { ApiKeyTable, Database, EnterpriseTable } from './schema.js'
import { userColumns, type UserRow } from './users.js'

/** A key as listed: never its hash, and the secret is not stored at all. */
export type KeyRow = Pick<
  Selectable<ApiKeyTable>,
  'user_id' | 'prefix' | 'created_on' | 'expires_on' | 'revoked_on' | 'last_used_on'
> & { username: string }

/** The owner of a valid key: an active user and its enterprise. */
export interface KeyOwner {
  readonly user: UserRow
  readonly enterprise: Pick<Selectable<EnterpriseTable>, 'id' | 'uuid' | 'name' | 'google_enterprise_id'>
}

/** The keys of one enterprise, to read. */
export function keysOf(db: Kysely<Database>, enterprise_id: number) {
  return {
    /** The owner of the key with this SHA-256, unless the key is expired or revoked or the user inactive. */
    async findOwner(hash: Buffer): Promise<KeyOwner | undefined> {
      const row = await db
        .selectFrom('api_key')
        .innerJoin('user_account', (join) =>
          join
            .onRef('user_account.enterprise_id', '=', 'api_key.enterprise_id')
            .onRef('user_account.id', '=', 'api_key.user_id'),
        )
        .innerJoin('enterprise', 'enterprise.id', 'api_key.enterprise_id')
        .select(userColumns)
        .select([
          'enterprise.id as enterprise_id',
          'enterprise.uuid as enterprise_uuid',
          'enterprise.name as enterprise_name',
          'enterprise.google_enterprise_id',
        ])
        .where('api_key.enterprise_id', '=', enterprise_id)
        .where('api_key.hash', '=', hash)
        .where('api_key.revoked_on', 'is', null)
        .where('api_key.expires_on', '>', sql<Date>`now()`)
        .where('user_account.is_active', '=', true)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const { enterprise_id: id, enterprise_uuid: uuid, enterprise_name: name, google_enterprise_id, ...user } = row
      return { user, enterprise: { id, uuid, name, google_enterprise_id } }
    },

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

    /** Revokes the keys with this display prefix that are not revoked yet, and says how many they were. */
    async revoke(prefix: string): Promise<number> {
      const { numUpdatedRows } = await trx
        .updateTable('api_key')
        .set({ revoked_on: sql<Date>`now()` })
        .where('enterprise_id', '=', enterprise_id)
        .where('prefix', '=', prefix)
        .where('revoked_on', 'is', null)
        .executeTakeFirstOrThrow()
      return Number(numUpdatedRows)
    },
  }
}
