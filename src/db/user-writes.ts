import { type Kysely, type RawBuilder, type Selectable, sql, type Transaction } from 'kysely'
import { type AuditActor, type AuditChangeOf, type Audited, appending } from './audit.js'
import { isUniqueViolation } from './failures.js'
import type { KeyOwner } from './lookups.js'
import type { Database, UserAccountTable } from './schema.js'
import { LEVEL_BITS, userColumns, userOf, type UserRow, type UserValues, userValues } from './users.js'

const columns = sql.raw(userColumns.join(', '))

type Given = 'username' | 'email' | 'first_name' | 'last_name' | 'is_active' | 'is_superuser' | 'role' | 'groups' | 'authz_role_id'

/** A user as inserted. */
export interface NewUser extends Pick<UserRow, Given> {
  readonly username_key: string
  readonly email_key: string | null
  readonly password_hash: string | null
}

/** The columns of a user that a write may change; `updated_on` follows by itself. */
export type UserChanges = Partial<
  Omit<Selectable<UserAccountTable>, 'enterprise_id' | 'id' | 'created_on' | 'updated_on' | 'xmin'>
>

/** Thrown by `insertBy`, `insert` and `update` when a unique constraint refused the row. The transaction is lost. */
export class DuplicateUser extends Error {
  override readonly name = 'DuplicateUser'
}

async function refusingDuplicates<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    const isDuplicate = ['user_account_username', 'user_account_email'].some((name) => isUniqueViolation(error, name))
    throw isDuplicate ? new DuplicateUser() : error
  }
}

const insertion = (enterprise_id: number, user: NewUser, from: RawBuilder<unknown>) => sql`
  insert into user_account (
    enterprise_id, username, username_key, email, email_key, first_name, last_name,
    is_active, is_superuser, role, groups, authz_role_id, password_hash
  )
  select
    ${enterprise_id}::bigint, ${user.username}, ${user.username_key}, ${user.email}, ${user.email_key}, ${user.first_name}, ${user.last_name},
    ${user.is_active}::boolean, ${user.is_superuser}::boolean, ${user.role}, ${user.groups}::text[], ${user.authz_role_id}, ${user.password_hash}
  ${from}
  returning ${columns}`

// The levels in one order everywhere, so that two writes that meet in both blocks wait for each other at the first.
const count = (enterprise_id: number, changed: RawBuilder<unknown>, change: 1 | -1) => sql`
  insert into user_count (enterprise_id, level, block, n)
  select ${enterprise_id}::bigint, level, changed.id >> bits, 1
  from ${changed} as changed, (values (1, ${sql.lit(LEVEL_BITS[1])}), (2, ${sql.lit(LEVEL_BITS[2])})) as levels (level, bits)
  order by level
  on conflict (enterprise_id, level, block) do update set n = user_count.n + ${sql.lit(change)}`

/**
 * Inserts a user, counts it, and appends to the audit trail, in one statement: a transaction of its own where it is in none. It locks
 * the maker, the counts and the trail's end, in this order. All creates of an enterprise wait for each other from the counts on, so what
 * comes after it must be short.
 *
 * @param maker who makes it, as it was when that was allowed; it stays so until the transaction ends
 * @param entry of the trail
 * @returns undefined, and nothing is written, where the maker is not as it was, or the trail was not begun
 * @throws {DuplicateUser} when the name or the address belongs to another user
 */
export async function insertBy(
  db: Kysely<Database>,
  enterprise: Audited,
  maker: KeyOwner['user'],
  user: NewUser,
  entry: AuditActor & AuditChangeOf,
): Promise<UserRow | undefined> {
  const { id } = enterprise
  // `for share` would let creates pass whoever waits to change their maker. `order by` makes the primary key the way to it, also
  // where the table was never analyzed. The trail's end is locked last: `made` is asked for once all is counted.
  const changed = sql`(select made.id::text as target, made.id as user_id from made where (select count(*) from counted) > 0)`
  const { rows } = await refusingDuplicates(
    sql<{ made: UserValues }>`
      with maker as (
        select id from user_account
        where enterprise_id = ${id} and id = ${maker.id} and is_active and role = ${maker.role} and is_superuser = ${maker.is_superuser}
          and exists (select from audit_head where enterprise_id = ${id})
        order by id for no key update
      ),
      made as (${insertion(id, user, sql`from maker`)}),
      counted as (${count(id, sql`made`, 1)} returning level),
      ${appending(enterprise, entry, changed)}
      select ${userValues} as made from made as user_account, appended`.execute(db),
  )
  return rows[0] && userOf(rows[0].made)
}

/**
 * The users of one enterprise, to write, in a transaction. Inserts and deletes keep the counts per block of ids.
 */
export function userWritesOf(trx: Transaction<Database>, enterprise_id: number) {
  return {
    /**
     * Locks these users until the transaction ends and reads them as they are then. The locks are taken in id order, so
     * that two writes of the same users wait for each other instead of deadlocking.
     */
    async lock(ids: readonly number[]): Promise<ReadonlyMap<number, UserRow>> {
      const rows = await trx
        .selectFrom('user_account')
        .select(userValues.as('values'))
        .where('enterprise_id', '=', enterprise_id)
        .where('id', 'in', [...new Set(ids)])
        .orderBy('id')
        .forUpdate()
        .execute()
      return new Map(rows.map(({ values }) => [values[0], userOf(values) as UserRow]))
    },

    /** The hash of the password of a user whose row is locked; null where it has none. */
    async passwordHash(id: number): Promise<string | null> {
      const { password_hash } = await trx
        .selectFrom('user_account')
        .select('password_hash')
        .where('enterprise_id', '=', enterprise_id)
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return password_hash
    },

    /** Locks all superusers until the transaction ends, in id order, and reads them as they are then. */
    async lockSuperusers(): Promise<UserRow[]> {
      const rows = await trx
        .selectFrom('user_account')
        .select(userValues.as('values'))
        .where('enterprise_id', '=', enterprise_id)
        .where('is_superuser', '=', true)
        .orderBy('id')
        .forUpdate()
        .execute()
      return rows.map(({ values }) => userOf(values) as UserRow)
    },

    /** @throws {DuplicateUser} when the name or the address belongs to another user */
    async insert(user: NewUser): Promise<UserRow> {
      const { rows } = await refusingDuplicates(
        sql<{ made: UserValues }>`
          with made as (${insertion(enterprise_id, user, sql``)}), counted as (${count(enterprise_id, sql`made`, 1)})
          select ${userValues} as made from made as user_account`.execute(trx),
      )
      return userOf((rows[0] as { made: UserValues }).made) as UserRow
    },

    /**
     * Writes the columns of `changes`, of which there is at least one, and `updated_on`.
     *
     * @throws {DuplicateUser} when the name or the address belongs to another user
     */
    async update(id: number, changes: UserChanges): Promise<UserRow> {
      const { values } = await refusingDuplicates(
        trx
          .updateTable('user_account')
          .set(changes)
          // Entity tags hold this time in milliseconds, so it must grow even if the clock was set back.
          .set({ updated_on: sql<Date>`greatest(statement_timestamp(), updated_on + interval '1 millisecond')` })
          .where('enterprise_id', '=', enterprise_id)
          .where('id', '=', id)
          .returning(userValues.as('values'))
          .executeTakeFirstOrThrow(),
      )
      return userOf(values) as UserRow
    },

    /** Records a sign-in of a user whose row is locked. A sign-in is no edit, so `updated_on` stays. */
    async signIn(id: number, rehashed: Pick<UserChanges, 'password_hash'>): Promise<UserRow> {
      const { values } = await trx
        .updateTable('user_account')
        .set({ ...rehashed, last_login: sql<Date>`greatest(statement_timestamp(), last_login + interval '1 millisecond')` })
        .where('enterprise_id', '=', enterprise_id)
        .where('id', '=', id)
        .returning(userValues.as('values'))
        .executeTakeFirstOrThrow()
      return userOf(values) as UserRow
    },

    /** Deletes a user that `lock` returned, and its keys. */
    async delete(id: number): Promise<void> {
      await trx.deleteFrom('api_key').where('enterprise_id', '=', enterprise_id).where('user_id', '=', id).execute()
      await trx.deleteFrom('user_account').where('enterprise_id', '=', enterprise_id).where('id', '=', id).execute()
      await count(enterprise_id, sql`(select ${id}::bigint as id)`, -1).execute(trx)
    },
  }
}
