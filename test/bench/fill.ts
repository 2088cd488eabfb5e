import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { makeKey } from '../../src/auth/keys.js'
import { loadConfig } from '../../src/config.js'
import { openDatabase } from '../../src/db/database.js'
import { insertEnterprise } from '../../src/db/enterprises.js'
import { keyWritesOf } from '../../src/db/keys.js'
import { migrate } from '../../src/db/migrate.js'
import type { Database } from '../../src/db/schema.js'
import { findMiscounts } from '../../src/db/verify.js'
import { nameKey } from '../../src/names.js'

/** A manager with a key. */
export interface Caller {
  readonly key: string
  /** SHA-256 of the key, as hexadecimal digits. */
  readonly hash: string
  readonly user_id: number
  readonly enterprise_id: number
}

/** An enterprise as filled: its users have the ids from `first` on, without a gap. */
export interface Enterprise {
  readonly id: number
  readonly first: number
  readonly size: number
  readonly callers: readonly Caller[]
}

/** What a database is filled with. */
export interface Dataset {
  /** The enterprise of BENCH_USERS. */
  readonly big: Enterprise
  /** One of 1,000, to compare the big one with. */
  readonly thousand: Enterprise
  /** The one that users are created in, so that the others stay as they are. */
  readonly growing: Enterprise
  /** 50 of 100. */
  readonly small: readonly Enterprise[]
}

/** Opens a database for filling and checking, as long as that takes. */
export function openForFilling(store: { DATABASE_URL: string } | { ROSTER_DATA: string }): Kysely<Database> {
  return openDatabase(loadConfig({ ...store, ROSTER_STATEMENT_MS: '3600000' }).config)
}

// Only ASCII is filled in, for which this is what `nameKey` of src/names.ts is; `requireRightKeys` looks.
const digest = (column: string) =>
  sql`translate(encode(sha256(convert_to(lower(${sql.ref(column)}), 'UTF8')), 'base64'), '+/=', '-_')`

interface Wanted {
  readonly id: number
  readonly name: string
  readonly size: number
  readonly managers: number
}

async function insertUsers(db: Kysely<Database>, { id, name, size, managers }: Wanted): Promise<void> {
  await sql`
    insert into user_account (
      enterprise_id, username, username_key, email, email_key, first_name, last_name, is_active, is_superuser,
      is_email_verified, role, groups, authz_role_id, password_hash, last_login, created_on, updated_on
    )
    select ${id}::bigint, username, ${digest('username')}, email, ${digest('email')}, first_name, last_name,
      n % 50 <> 7 or manager, n = 1, n % 3 = 0,
      case when manager then 'Enterprise Admin'
        else (array['Viewer', 'Group Admin', 'Group Viewer', 'Group Viewer'])[1 + n % 4] end,
      (array['engineering', 'sales-' || n % 40, 'building-' || n % 7])[1 : n % 4],
      case when n % 10 = 3 then 'role-' || n % 100 end,
      '$argon2id$v=19$m=19456,t=2,p=1$' || left(translate(encode(sha256(n::text::bytea), 'base64'), '=', ''), 22)
        || '$' || translate(encode(sha256(username::bytea), 'base64'), '=', ''),
      case when n % 5 > 0 then filled - n % 9000 * interval '1 minute' end,
      filled - interval '90 days' + n % 1000 * interval '1 minute', filled - n % 5000 * interval '1 minute'
    from (
      select n, first_name, last_name, date_trunc('milliseconds', now()) as filled,
        first_name || '.' || last_name || '.' || n as username,
        lower(first_name || '.' || last_name) || '.' || n || '@' || ${name}::text || '.example' as email,
        n = 1 or n % ${Math.ceil(size / managers)} = 1 as manager
      from (
        select n,
          (array['Ada', 'Bob', 'Carol', 'Dan', 'Erin', 'Frank', 'Grace', 'Heidi', 'Ivan', 'Judy'])[1 + n % 10]
            as first_name,
          (array['Baker', 'Carter', 'Dyer', 'Fisher', 'Glover', 'Hunter', 'Mason'])[1 + n % 7] as last_name
        from generate_series(1, ${size}::int) as n
      ) as named
    ) as users
    order by n`.execute(db)
}

async function makeCallers(db: Kysely<Database>, enterprise_id: number, managers: number): Promise<Caller[]> {
  const rows = await db
    .selectFrom('user_account')
    .select('id')
    .where('enterprise_id', '=', enterprise_id)
    .where('role', '=', 'Enterprise Admin')
    .orderBy('id')
    .limit(managers)
    .execute()
  return db.transaction().execute(async (trx) => {
    const callers: Caller[] = []
    for (const { id: user_id } of rows) {
      const { key, hash, prefix, expires_on } = makeKey(enterprise_id)
      await keyWritesOf(trx, enterprise_id).insert({ user_id, hash, prefix, expires_on })
      callers.push({ key, hash, user_id, enterprise_id })
    }
    return callers
  })
}

async function fillEnterprise(db: Kysely<Database>, wanted: Wanted): Promise<Enterprise> {
  const { id, name, size, managers } = wanted
  await db.transaction().execute((trx) => insertEnterprise(trx, { id, uuid: randomUUID(), name }))
  await insertUsers(db, wanted)
  const { rows } = await sql<{ first: number; last: number }>`
    select min(id) as first, max(id) as last from user_account where enterprise_id = ${id}`.execute(db)
  const { first, last } = rows[0]!
  if (last - first + 1 !== size) throw new Error(`the ids of ${name} have gaps`)
  return { id, first, size, callers: await makeCallers(db, id, managers) }
}

async function countUsers(db: Kysely<Database>): Promise<void> {
  for (const [level, bits] of [[1, 10], [2, 20]] as const) {
    await sql`
      insert into user_count (enterprise_id, level, block, n)
      select enterprise_id, ${level}::smallint, id >> ${bits}, count(*) from user_account group by 1, 3`.execute(db)
  }
}

async function requireRightKeys(db: Kysely<Database>): Promise<void> {
  const rows = await db
    .selectFrom('user_account')
    .select(['username', 'username_key', 'email', 'email_key'])
    .limit(1000)
    .execute()
  const wrong = rows.find((row) => row.username_key !== nameKey(row.username) || row.email_key !== nameKey(row.email))
  if (wrong !== undefined) throw new Error(`${wrong.username} was filled in with a wrong key`)
}

const BASE = 36 ** 8

/** Migrates an empty database, fills it, and looks whether the server will find all in order. */
export async function fill(db: Kysely<Database>, users: number): Promise<Dataset> {
  await migrate(db)
  const small: Enterprise[] = []
  for (let n = 0; n < 50; n++) {
    small.push(await fillEnterprise(db, { id: BASE + 100 + n, name: `small-${String(n)}`, size: 100, managers: 2 }))
  }
  const thousand = await fillEnterprise(db, { id: BASE + 1, name: 'thousand', size: 1000, managers: 20 })
  const growing = await fillEnterprise(db, { id: BASE + 2, name: 'growing', size: 100, managers: 50 })
  const managers = Math.min(100, Math.ceil(users / 10))
  const big = await fillEnterprise(db, { id: BASE + 3, name: 'big', size: users, managers })
  await countUsers(db)
  await requireRightKeys(db)
  await requireRightCounts(db)
  await sql`vacuum analyze`.execute(db)
  return { big, thousand, growing, small }
}

/** Throws when a stored count of users is not their number. */
export async function requireRightCounts(db: Kysely<Database>): Promise<void> {
  const miscounts = await findMiscounts(db)
  if (miscounts.length > 0) throw new Error(`wrong counts: ${JSON.stringify(miscounts.slice(0, 3))}`)
}
