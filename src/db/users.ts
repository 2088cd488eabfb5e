import { CompiledQuery, type Kysely, type Selectable, sql } from 'kysely'
import type { Database, UserAccountTable } from './schema.js'
import { type Json, timeOf } from './times.js'

/** The columns of a user that rules and answers read. The password's hash is not among them. */
export const userColumns = [
  'user_account.id',
  'user_account.username',
  'user_account.email',
  'user_account.first_name',
  'user_account.last_name',
  'user_account.is_active',
  'user_account.is_superuser',
  'user_account.is_email_verified',
  'user_account.role',
  'user_account.groups',
  'user_account.authz_role_id',
  'user_account.last_login',
  'user_account.created_on',
  'user_account.updated_on',
  'user_account.xmin',
] as const

type ColumnName<Path> = Path extends `user_account.${infer Name}` ? Name : never

/** A user as selected. */
export type UserColumns = Pick<Selectable<UserAccountTable>, ColumnName<(typeof userColumns)[number]> & keyof UserAccountTable>

/**
 * A user as read. Its times are texts as RFC 3339 has them, in UTC with milliseconds: to make a `Date` of each and to write it
 * again takes longer than all else that is done with a row.
 */
export type UserRow = Json<UserColumns>

/** The values of `userColumns`, as a JSON array has them; all null where an outer join found none. */
export type UserValues = { readonly [I in keyof typeof userColumns]: UserRow[ColumnName<(typeof userColumns)[I]> & keyof UserRow] }

/** The columns of a user as one JSON array, which `userOf` reads: the text of a time would depend on the `DateStyle`. */
export const userValues = sql<UserValues>`json_build_array(${sql.raw(userColumns.join(', '))})`

/** A user of its values; undefined where there is none. Written out, as every request begins with one. */
export function userOf(values: UserValues): UserRow | undefined {
  if ((values[0] as number | null) === null) return undefined
  return {
    id: values[0],
    username: values[1],
    email: values[2],
    first_name: values[3],
    last_name: values[4],
    is_active: values[5],
    is_superuser: values[6],
    is_email_verified: values[7],
    role: values[8],
    groups: values[9],
    authz_role_id: values[10],
    last_login: values[11] === null ? null : timeOf(values[11]),
    created_on: timeOf(values[12]),
    updated_on: timeOf(values[13]),
    xmin: values[14],
  }
}

/** Name and address as uniqueness compares them: digests of `names.ts`. */
export interface UserKeys {
  readonly username_key?: string | undefined
  readonly email_key?: string | undefined
}

/** Bits of an id inside a block, by level of `user_count`. */
export const LEVEL_BITS = { 1: 10, 2: 20 } as const

interface PageRow {
  readonly count: number
  readonly values: UserValues
}

const BLOCKS_OF_BLOCK = String(LEVEL_BITS[2] - LEVEL_BITS[1])

// $1 the enterprise, $2 the offset, $3 the limit. Found in steps, each of the level below, so that none reads what is skipped.
const PAGE = `
  with total as (
    select coalesce(sum(n), 0)::bigint as count from user_count where enterprise_id = $1::bigint and level = 2
  ),
  wide as (
    select block, before from (
      select block, n, (sum(n) over (order by block))::bigint - n as before
      from user_count where enterprise_id = $1::bigint and level = 2
    ) as blocks
    where before <= $2::bigint and $2::bigint < before + n
  ),
  narrow as (
    select block, before from (
      select user_count.block, n, wide.before + (sum(n) over (order by user_count.block))::bigint - n as before
      from user_count, wide
      where enterprise_id = $1::bigint and level = 1
        and user_count.block >= wide.block << ${BLOCKS_OF_BLOCK}
        and user_count.block < (wide.block + 1) << ${BLOCKS_OF_BLOCK}
    ) as blocks
    where before <= $2::bigint and $2::bigint < before + n
  )
  select total.count, json_build_array(${userColumns.join(', ')}) as values from total
  left join (narrow cross join lateral (
    select ${userColumns.join(', ')} from user_account
    where enterprise_id = $1::bigint and id >= narrow.block << ${String(LEVEL_BITS[1])}
    order by id
    offset $2::bigint - narrow.before limit $3::bigint
  ) as user_account) on true
  order by user_account.id`

/**
 * The users of one enterprise, to read. No method takes the enterprise, so no query can forget it.
 */
export function usersOf(db: Kysely<Database>, enterprise_id: number) {
  const users = db.selectFrom('user_account').select(userValues.as('values')).where('enterprise_id', '=', enterprise_id)
  return {
    /** The user with this name, this address, or both; at most one, for both are unique. */
    async match({ username_key, email_key }: UserKeys): Promise<UserRow | undefined> {
      const row = await users
        .$if(username_key !== undefined, (query) => query.where('username_key', '=', username_key as string))
        .$if(email_key !== undefined, (query) => query.where('email_key', '=', email_key as string))
        .executeTakeFirst()
      return row && userOf(row.values)
    },

    /** The user with this id. */
    async find(id: number): Promise<UserRow | undefined> {
      const row = await users.where('id', '=', id).executeTakeFirst()
      return row && userOf(row.values)
    },

    /** Which of a name and an address belong to a user other than `exceptId`. */
    async taken(keys: UserKeys, exceptId?: number): Promise<{ username: boolean; email: boolean }> {
      const rows = await db
        .selectFrom('user_account')
        .select(['username_key', 'email_key'])
        .where('enterprise_id', '=', enterprise_id)
        .$if(exceptId !== undefined, (query) => query.where('id', '!=', exceptId as number))
        .where((where) =>
          where.or([
            where('username_key', '=', keys.username_key ?? null),
            where('email_key', '=', keys.email_key ?? null),
          ]),
        )
        .execute()
      return {
        username: rows.some((row) => row.username_key === keys.username_key),
        email: rows.some((row) => row.email_key !== null && row.email_key === keys.email_key),
      }
    },

    /**
     * One page by ascending id, with the count of all users, from one snapshot. The counts per block of ids find the
     * block that holds the offset, so the cost does not grow with the enterprise.
     */
    async page({ limit, offset }: { limit: number; offset: number }): Promise<{ count: number; rows: UserRow[] }> {
      const { rows } = await db.executeQuery<PageRow>(CompiledQuery.raw(PAGE, [enterprise_id, offset, limit]))
      return {
        count: Number(rows[0]?.count),
        rows: rows.flatMap(({ values }) => userOf(values) ?? []),
      }
    },
  }
}
