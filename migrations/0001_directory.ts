import { type Kysely, sql } from 'kysely'

// On Citus a table is distributed before a foreign key points at it or from it, so keys are added after that.
async function spread(db: Kysely<unknown>, statement: string): Promise<void> {
  const { rows } = await sql<{ citus: boolean }>`
    select to_regproc('create_distributed_table') is not null as citus`.execute(db)
  if (rows[0]?.citus) await sql.raw(statement).execute(db)
}

/** The first schema: enterprises, their users, keys and clients, and the counts of users per block of ids. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table enterprise (
      id bigint primary key check (id between 0 and 281474976710655),
      uuid uuid not null unique,
      name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      google_enterprise_id text check (google_enterprise_id <> ''),
      created_on timestamptz not null default now()
    )`.execute(db)
  await spread(db, `select create_reference_table('enterprise')`)

  await sql`
    create table user_account (
      enterprise_id bigint not null,
      id bigint generated always as identity,
      username text not null,
      username_key text not null,
      email text not null,
      email_key text,
      first_name text not null,
      last_name text not null,
      is_active boolean not null,
      is_superuser boolean not null,
      is_email_verified boolean not null default false,
      role text not null,
      groups text[] not null,
      authz_role_id text,
      password_hash text,
      last_login timestamptz,
      created_on timestamptz not null default now(),
      updated_on timestamptz not null default now(),
      primary key (enterprise_id, id),
      constraint user_account_username unique (enterprise_id, username_key),
      constraint user_account_email unique (enterprise_id, email_key),
      check ((email = '') = (email_key is null))
    )`.execute(db)
  await spread(db, `select create_distributed_table('user_account', 'enterprise_id')`)

  await sql`
    create table user_count (
      enterprise_id bigint not null,
      level smallint not null check (level in (1, 2)),
      block bigint not null,
      n bigint not null check (n >= 0),
      primary key (enterprise_id, level, block)
    )`.execute(db)
  await spread(db, `select create_distributed_table('user_count', 'enterprise_id', colocate_with => 'user_account')`)

  await sql`
    create table api_key (
      enterprise_id bigint not null,
      hash bytea not null,
      user_id bigint not null,
      prefix text not null,
      created_on timestamptz not null default now(),
      expires_on timestamptz not null,
      revoked_on timestamptz,
      last_used_on timestamptz,
      primary key (enterprise_id, hash)
    )`.execute(db)
  await spread(db, `select create_distributed_table('api_key', 'enterprise_id', colocate_with => 'user_account')`)

  await sql`
    create table client (
      enterprise_id bigint not null,
      name text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      created_on timestamptz not null default now(),
      primary key (enterprise_id, name)
    )`.execute(db)
  await spread(db, `select create_distributed_table('client', 'enterprise_id', colocate_with => 'user_account')`)

  for (const table of ['user_account', 'user_count', 'api_key', 'client']) {
    await sql`alter table ${sql.table(table)} add foreign key (enterprise_id) references enterprise (id)`.execute(db)
  }
  await sql`
    alter table api_key
      add foreign key (enterprise_id, user_id) references user_account (enterprise_id, id)`.execute(db)
  await sql`create index api_key_user on api_key (enterprise_id, user_id)`.execute(db)
}
