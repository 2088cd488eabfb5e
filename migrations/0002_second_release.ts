import { type Kysely, sql } from 'kysely'

/** Keys have an id, a name, a kind and a scope, and can be replaced. A key that 0.1.0 stores gets the defaults. */
async function keys(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table api_key
      add column id uuid not null default gen_random_uuid(),
      add column name text not null default '',
      add column kind text not null default 'made' check (kind in ('made', 'sign-in')),
      add column read_only boolean not null default false,
      add column replaced_on timestamptz`.execute(db)
  await sql`create unique index api_key_id on api_key (enterprise_id, id)`.execute(db)
}

/** What 0.2.0 adds to the schema. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await keys(db)
}
