import { type Kysely, sql } from 'kysely'
import type { Test } from 'tap'
import { openDatabase } from '../../../src/db/database.js'
import { checkSchema, migrate } from '../../../src/db/migrate.js'
import type { Database } from '../../../src/db/schema.js'
import { emptyDatabase, testConfig } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const TABLES = ['api_key', 'audit_entry', 'audit_head', 'client', 'enterprise', 'idempotency_key', 'sign_in_failure', 'sign_in_network', 'user_account', 'user_count']

async function open(t: Test): Promise<Kysely<Database>> {
  const db = openDatabase(testConfig({ DATABASE_URL: await emptyDatabase(t) }))
  t.teardown(() => db.destroy())
  return db
}

async function select<T>(db: Kysely<Database>, query: string): Promise<T[]> {
  return (await sql.raw<T>(query).execute(db)).rows
}

const tablesOf = async (db: Kysely<Database>): Promise<string[]> =>
  (await select<{ name: string }>(db, `select tablename as name from pg_tables where schemaname = 'public' order by 1`))
    .map(({ name }) => name).filter((name) => !name.startsWith('kysely_'))

t.test('from empty, then again', async (t) => {
  const db = await open(t)
  await t.rejects(checkSchema(db), { exitCode: 1, message: /lacks migrations \(0001_directory, 0002_second_release\)/ })
  t.strictSame(await migrate(db), ['0001_directory', '0002_second_release'])
  t.strictSame(await tablesOf(db), TABLES)
  t.equal(await checkSchema(db), undefined)
  t.strictSame(await migrate(db), [])
  t.strictSame(await tablesOf(db), TABLES)
})

t.test('every table but enterprise, and the failures of networks, leads its keys with enterprise_id', async (t) => {
  const db = await open(t)
  await migrate(db)
  const unique = await select<{ name: string; first: string }>(db, `
    select c.relname as name, a.attname as first from pg_index i
    join pg_class c on c.oid = i.indrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
    where c.relnamespace = 'public'::regnamespace and c.relname = any('{api_key,audit_entry,audit_head,client,idempotency_key,sign_in_network,user_account,user_count}')`)
  t.ok(unique.length >= 13)
  t.ok(unique.every(({ first }) => first === 'enterprise_id'))
  const foreign = await select<{ first: string }>(db, `
    select a.attname as first from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] where k.contype = 'f'`)
  t.equal(foreign.length, 12)
  t.ok(foreign.every(({ first }) => first === 'enterprise_id'))
  t.strictSame(await select(db, `select tgname from pg_trigger where not tgisinternal`), [], 'no triggers')
})

t.test('a 0.1.0 server stores keys, and deletes a user, over it', async (t) => {
  const db = await open(t)
  await migrate(db)
  await sql.raw(`
    insert into enterprise (id, uuid, name) values (1, gen_random_uuid(), 'acme');
    insert into user_account (enterprise_id, username, username_key, email, first_name, last_name, is_active, is_superuser, role, groups)
      values (1, 'a', 'a', '', '', '', true, true, 'Viewer', '{}');
    insert into sign_in_network select 1, id, '192.0.2.1', now() from user_account;
    insert into api_key (enterprise_id, hash, user_id, prefix, expires_on) select 1, '\\x00', id, 'rst_1_abcd', now() from user_account`)
    .execute(db)
  const stored = await select(db, 'select name, kind, read_only, replaced_on, id is not null as has_id from api_key')
  t.strictSame(stored, [{ name: '', kind: 'made', read_only: false, replaced_on: null, has_id: true }])
  await sql.raw('delete from api_key; delete from user_account').execute(db)
  t.strictSame(await select(db, 'select * from sign_in_network'), [])
})

t.test('a migration that fails leaves the database as it was', async (t) => {
  const db = await open(t)
  // The last table of the migration is there already.
  await sql`create table client (mine integer)`.execute(db)
  await t.rejects(migrate(db), { code: '42P07' })
  t.strictSame(await tablesOf(db), ['client'])
  t.strictSame(await select(db, 'select * from kysely_migration'), [])
  await sql`drop table client`.execute(db)
  t.strictSame(await migrate(db), ['0001_directory', '0002_second_release'], 'and it can be run again')
})

t.test('newer by one migration is a warning, by two a refusal', async (t) => {
  const db = await open(t)
  await migrate(db)
  const add = (name: string) => sql`insert into kysely_migration values (${name}, '')`.execute(db)
  await add('0998_a')
  t.equal(await checkSchema(db), 'the database is newer than this server (0998_a)')
  await add('0999_b')
  await t.rejects(checkSchema(db), { exitCode: 1, message: 'the database is newer than this server (0998_a, 0999_b): update the server' })
  await sql`delete from kysely_migration where name like '0001%'`.execute(db)
  await t.rejects(checkSchema(db), { message: /of another release .* lacks some of this one \(0001_directory\)/ }, 'newer and older at once')
})

t.test('on Citus every table is distributed with the others, before any foreign key of its own', async (t) => {
  const db = await open(t)
  await sql.raw(`
    create table calls (n serial, call text, table_name text, col text, with_table text, keys bigint);
    create function create_reference_table(table_name regclass) returns void language sql as $$
      insert into calls (call, table_name, keys) select 'reference', $1::text, count(*) from pg_constraint where contype = 'f' and $1 in (conrelid, confrelid) $$;
    create function create_distributed_table(table_name regclass, col text, colocate_with text default 'default')
      returns void language sql as $$
      insert into calls (call, table_name, col, with_table, keys)
      select 'distributed', $1::text, $2, $3, count(*) from pg_constraint where contype = 'f' and $1 in (conrelid, confrelid) $$`).execute(db)
  await migrate(db)
  const calls = await select<{ call: string; table_name: string; col: string | null; with_table: string | null; keys: number }>(
    db, 'select call, table_name, col, with_table, keys from calls order by n')
  const [reference, first, ...others] = calls
  t.match(reference, { call: 'reference', table_name: 'enterprise', keys: 0 })
  t.match(first, { call: 'distributed', table_name: 'user_account', col: 'enterprise_id', with_table: 'default', keys: 0 })
  // Failures are of networks, not of enterprises.
  const [failures, ...spread] = others.toSorted((a, b) => Number(b.table_name === 'sign_in_failure') - Number(a.table_name === 'sign_in_failure'))
  t.match(failures, { call: 'distributed', table_name: 'sign_in_failure', col: 'network', with_table: 'none', keys: 0 })
  for (const call of spread) t.match(call, { call: 'distributed', col: 'enterprise_id', with_table: 'user_account', keys: 0 })
  t.strictSame(calls.map(({ table_name }) => table_name).toSorted(), TABLES)
  t.equal((await select<{ n: number }>(db, `select count(*) as n from pg_constraint where contype = 'f'`))[0]?.n, 12)
})

t.test('a database that is not there fails as what it is', async (t) => {
  const db = openDatabase(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
  t.teardown(() => db.destroy())
  await t.rejects(migrate(db), { name: 'NoConnection', cause: { code: 'ECONNREFUSED' } })
})
