import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from './schema.js'

/** All tables, each behind those that its foreign keys refer to. */
const TABLES: readonly (keyof Database)[] = [
  'enterprise', 'user_account', 'user_count', 'api_key', 'client', 'idempotency_key', 'audit_head', 'audit_entry', 'sign_in_failure',
  'sign_in_network',
]

/** Rows of one statement, so that memory is bounded. */
const BATCH = 1000

async function* rowsOf(trx: Transaction<Database>, table: keyof Database): AsyncGenerator<string> {
  const { rows: columns } = await sql<{ name: string }>`
    select quote_ident(attname) as name from pg_attribute
    where attrelid = to_regclass(quote_ident(current_schema()) || '.' || ${table}::text) and attnum > 0 and not attisdropped order by attnum`.execute(trx)
  const names = columns.map(({ name }) => name)
  const values = sql.raw(names.map((name) => `quote_nullable(${name}::text)`).join(` || ', ' || `))
  await sql`declare exported no scroll cursor for select ${values} as row from ${sql.table(table)}`.execute(trx)
  for (;;) {
    const { rows } = await sql<{ row: string }>`fetch ${sql.lit(BATCH)} from exported`.execute(trx)
    if (rows.length === 0) break
    yield `insert into ${table} (${names.join(', ')}) overriding system value values\n${rows.map(({ row }) => `(${row})`).join(',\n')};`
  }
  await sql`close exported`.execute(trx)
}

async function lineOf(trx: Transaction<Database>, query: string): Promise<string> {
  const { rows } = await sql.raw<{ line: string }>(query).execute(trx)
  return (rows[0] as { line: string }).line
}

// The sequence continues after the last id ever assigned: the highest one left may be lower, and ids must not be reused.
const SEQUENCE = `
  select format('do $ids$ begin perform setval(pg_get_serial_sequence(''user_account'', ''id''), %s, %L); end $ids$;', last_value, is_called) as line from `

// Without this guard, a script could load into another schema, or mix two directories.
const GUARD = `
  select format($$do $guard$ begin
  if to_regclass('kysely_migration') is null then raise exception 'the database lacks tables: run "roster migrate" first'; end if;
  if (select array_agg(name::text order by name) from kysely_migration) is distinct from %L::text[] then
    raise exception 'the schema is not the one of the export: run "roster migrate" of the release that exported';
  end if;
  if exists (select from enterprise) or exists (select from sign_in_failure) then raise exception 'the directory is not empty'; end if;
end $guard$;$$, array_agg(name order by name)) as line from kysely_migration`

/**
 * Writes a consistent snapshot of the directory as a psql script. The script fills the tables of a migrated database in one
 * transaction, and refuses a directory that is not empty. It holds the hashes of passwords and keys.
 *
 * @param write called for each line or statement
 */
export async function exportStore(db: Kysely<Database>, write: (text: string) => void): Promise<void> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  await snapshot.execute(async (trx) => {
    await sql`set local DateStyle = 'ISO'`.execute(trx)
    const sequence = await lineOf(trx, `select pg_get_serial_sequence('user_account', 'id') as line`)
    write('\\set ON_ERROR_STOP on')
    write(`begin;\nset local client_encoding = 'UTF8';\nset local standard_conforming_strings = on;\nset local array_nulls = on;`)
    write(await lineOf(trx, GUARD))
    for (const table of TABLES) {
      for await (const statement of rowsOf(trx, table)) write(statement)
    }
    write(await lineOf(trx, SEQUENCE + sequence))
    write('commit;')
  })
}
