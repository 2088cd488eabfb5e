import { type Kysely, sql } from 'kysely'

/** Keys have an id, a name, a kind and a scope, and can be replaced. A key that 0.1.0 stores gets the defaults. */
async function keys(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table api_key
      add column id uuid not null default gen_random_uuid(),
      add column name text not null default '',
      add column kind text not null default 'made',
      add column read_only boolean not null default false,
      add column replaced_on timestamptz`.execute(db)
  // Citus takes a constraint by its name alone, and not with a column.
  await sql`alter table api_key add constraint api_key_kind check (kind in ('made', 'sign-in'))`.execute(db)
  await sql`create unique index api_key_id on api_key (enterprise_id, id)`.execute(db)
}

// On Citus a table is distributed before a foreign key points at it or from it, so keys are added after that.
async function spread(db: Kysely<unknown>, statement: string): Promise<void> {
  const { rows } = await sql<{ citus: boolean }>`
    select to_regproc('create_distributed_table') is not null as citus`.execute(db)
  if (rows[0]?.citus) await sql.raw(statement).execute(db)
}

/**
 * Where users signed in, and how often that failed. Failures are of networks, not of enterprises, since a try may name an
 * enterprise that is not there; so their table leads with the network, and is spread by it.
 */
async function signIns(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sign_in_failure (
      network text not null,
      account text not null,
      n integer not null,
      ends_on timestamptz not null,
      primary key (network, account)
    )`.execute(db)
  await spread(db, `select create_distributed_table('sign_in_failure', 'network', colocate_with => 'none')`)
  await sql`create index sign_in_failure_end on sign_in_failure (ends_on)`.execute(db)

  await sql`
    create table sign_in_network (
      enterprise_id bigint not null,
      user_id bigint not null,
      network text not null,
      last_on timestamptz not null,
      primary key (enterprise_id, user_id, network)
    )`.execute(db)
  await spread(db, `select create_distributed_table('sign_in_network', 'enterprise_id', colocate_with => 'user_account')`)
  await sql`alter table sign_in_network add foreign key (enterprise_id) references enterprise (id)`.execute(db)
  // With the user, also where a 0.1.0 server deletes it, which does not know this table.
  await sql`
    alter table sign_in_network
      add foreign key (enterprise_id, user_id) references user_account (enterprise_id, id) on delete cascade`.execute(db)
}

/** What 0.2.0 adds to the schema. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await keys(db)
  await signIns(db)
}
