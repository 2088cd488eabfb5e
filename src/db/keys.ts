import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { ApiKeyTable, Database } from './schema.js'
import { type Json, jsonTime, milliseconds, withDates } from './times.js'

const columns = [
  'api_key.id',
  'api_key.user_id',
  'api_key.name',
  'api_key.prefix',
  'api_key.kind',
  'api_key.read_only',
  jsonTime('api_key.created_on'),
  jsonTime('api_key.expires_on'),
  jsonTime('api_key.revoked_on'),
  jsonTime('api_key.last_used_on'),
  jsonTime('api_key.replaced_on'),
] as const

/** A key as read: never its hash, and the secret is not stored at all. */
export type KeyRow = Omit<Selectable<ApiKeyTable>, 'enterprise_id' | 'hash'>

/** When a key expires: a lifetime, which the database's clock counts from the insert, or a time. */
export type KeyEnd = { readonly livesMs: number } | Date

/** A key as selected with `columns`. */
function keyOf(row: Json<KeyRow>): KeyRow {
  return withDates<KeyRow>(row, ['created_on', 'expires_on', 'revoked_on', 'last_used_on', 'replaced_on'])
}

/** A key as inserted; its SHA-256 is in hexadecimal. */
export type NewKey = Pick<ApiKeyTable, 'user_id' | 'prefix'> & { readonly hash: string; readonly expires_on: KeyEnd } &
  Partial<Pick<KeyRow, 'name' | 'kind' | 'read_only'>>

const after = (ms: number) => sql<Date>`now() + ${milliseconds(ms)}`

const isLive = sql<boolean>`(api_key.revoked_on is null and api_key.expires_on > now())`

/** The keys of one enterprise, to read. */
export function keysOf(db: Kysely<Database>, enterprise_id: number) {
  const keys = db.selectFrom('api_key').where('api_key.enterprise_id', '=', enterprise_id)
  return {
    /** All keys, also expired and revoked ones, oldest first. */
    async list(): Promise<(KeyRow & { username: string })[]> {
      const rows = await keys
        .innerJoin('user_account', (join) =>
          join
            .onRef('user_account.enterprise_id', '=', 'api_key.enterprise_id')
            .onRef('user_account.id', '=', 'api_key.user_id'),
        )
        .select([...columns, 'user_account.username'])
        .orderBy('api_key.created_on')
        .orderBy('api_key.prefix')
        .execute()
      return rows.map((row) => ({ ...keyOf(row), username: row.username }))
    },

    /** The key of this id, whatever its state. */
    async find(id: string): Promise<KeyRow | undefined> {
      const row = await keys.select(columns).where('api_key.id', '=', id).executeTakeFirst()
      return row && keyOf(row)
    },

    /** One page of a user's keys that work, oldest first, and the count of all of them. */
    async page(user_id: number, { limit, offset }: { limit: number; offset: number }): Promise<{ count: number; rows: KeyRow[] }> {
      const live = keys.where('user_id', '=', user_id).where(isLive)
      const { count } = await live.select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()
      const rows = await live.select(columns).orderBy('api_key.created_on').orderBy('id').limit(limit).offset(offset).execute()
      return { count, rows: rows.map(keyOf) }
    },
  }
}

function prefixesOf(rows: readonly Pick<KeyRow, 'prefix' | 'created_on'>[]): string[] {
  return rows.toSorted((a, b) => a.created_on.getTime() - b.created_on.getTime()).map(({ prefix }) => prefix)
}

/** The keys of one enterprise, to write, in a transaction. The row of their user must be locked, but for `revoke`. */
export function keyWritesOf(trx: Transaction<Database>, enterprise_id: number) {
  const live = () => trx.selectFrom('api_key').where('enterprise_id', '=', enterprise_id).where(isLive)
  const revoking = trx
    .updateTable('api_key')
    .set({ revoked_on: sql<Date>`now()` })
    .where('enterprise_id', '=', enterprise_id)
    .where('revoked_on', 'is', null)
  return {
    /** Stores a key of a user of this enterprise. */
    async insert({ hash, expires_on, ...key }: NewKey): Promise<KeyRow> {
      const row = await trx
        .insertInto('api_key')
        .values({ ...key, expires_on: 'livesMs' in expires_on ? after(expires_on.livesMs) : expires_on, hash: Buffer.from(hash, 'hex'), enterprise_id })
        .returning(columns)
        .executeTakeFirstOrThrow()
      return keyOf(row)
    },

    /** Revokes the keys with this display prefix that are not revoked yet, and says whose they were. */
    async revoke(prefix: string): Promise<number[]> {
      const rows = await revoking.where('prefix', '=', prefix).returning('user_id').execute()
      return rows.map(({ user_id }) => user_id)
    },

    /** A key of a user that works; undefined where it has none of this id. */
    async findLive(user_id: number, id: string): Promise<KeyRow | undefined> {
      const row = await live().select(columns).where('user_id', '=', user_id).where('id', '=', id).executeTakeFirst()
      return row && keyOf(row)
    },

    /** How many keys of a kind work. */
    async count(user_id: number, kind: KeyRow['kind']): Promise<number> {
      const counted = live().where('user_id', '=', user_id).where('kind', '=', kind)
      const { count } = await counted.select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()
      return count
    },

    /** Revokes a key that works. */
    async revokeOne(id: string): Promise<void> {
      await revoking.where('id', '=', id).execute()
    },

    /** Marks a key as replaced: it works for `overlapMs` more, but never beyond its own expiry. */
    async replace(id: string, overlapMs: number): Promise<void> {
      await trx
        .updateTable('api_key')
        .set({ replaced_on: sql<Date>`now()`, expires_on: sql<Date>`least(expires_on, ${after(overlapMs)})` })
        .where('enterprise_id', '=', enterprise_id)
        .where('id', '=', id)
        .execute()
    },

    /** Revokes a user's live keys of a kind, but for the newest ones. Returns their display prefixes, oldest first. */
    async revokeOldest(user_id: number, kind: KeyRow['kind'], spared: number): Promise<string[]> {
      const old = live().where('user_id', '=', user_id).where('kind', '=', kind)
      const rows = await revoking
        .where('id', 'in', old.select('id').orderBy('created_on', 'desc').orderBy('id').offset(spared))
        .returning(['prefix', 'created_on'])
        .execute()
      return prefixesOf(rows)
    },

    /** Revokes all live keys of a user. Returns their display prefixes, oldest first. */
    async revokeAll(user_id: number): Promise<string[]> {
      const rows = await revoking
        .where('user_id', '=', user_id)
        .where('expires_on', '>', sql<Date>`now()`)
        .returning(['prefix', 'created_on'])
        .execute()
      return prefixesOf(rows)
    },

    /** Deletes a user's keys of a kind that are revoked or expired: what its table holds stays bounded. */
    async deleteDead(user_id: number, kind: KeyRow['kind']): Promise<void> {
      await trx
        .deleteFrom('api_key')
        .where('enterprise_id', '=', enterprise_id)
        .where('user_id', '=', user_id)
        .where('kind', '=', kind)
        .where((where) => where.not(isLive))
        .execute()
    },
  }
}

/** A use of a key: how many milliseconds ago. */
export interface KeyUse {
  readonly enterprise_id: number
  readonly id: string
  readonly agoMs: number
}

/**
 * Writes when keys were last used, in one statement. A key that is gone stays gone, and a later use is not made an earlier
 * one. It takes (enterprise, key) pairs, as the look-ups do.
 */
export async function writeUses(db: Kysely<Database>, uses: readonly KeyUse[]): Promise<void> {
  await sql`
    update api_key set last_used_on = used.at
    from (
      select enterprise_id, id, now() - ago_ms * interval '1 millisecond' as at
      from unnest(
        ${uses.map(({ enterprise_id }) => enterprise_id)}::bigint[],
        ${uses.map(({ id }) => id)}::uuid[],
        ${uses.map(({ agoMs }) => agoMs)}::double precision[]
      ) as uses (enterprise_id, id, ago_ms)
    ) as used
    where api_key.enterprise_id = used.enterprise_id and api_key.id = used.id
      and (api_key.last_used_on is null or api_key.last_used_on < used.at)`.execute(db)
}
