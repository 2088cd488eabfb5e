import { type Kysely, sql } from 'kysely'

// On Citus a table is distributed before a foreign key points at it or from it, so keys are added after that.
async function spread(db: Kysely<unknown>, statement: string): Promise<void> {
  const { rows } = await sql<{ citus: boolean }>`
    select to_regproc('create_distributed_table') is not null as citus`.execute(db)
  if (rows[0]?.citus) await sql.raw(statement).execute(db)
}

// Keys have an id, a name, a kind and a scope, and can be replaced. A key that 0.1.0 stores gets the defaults.
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

// Kept answers go with the user whom they show and with the caller. They cascade, for the server of the first release deletes
// users too and knows nothing of them.
async function idempotency(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table idempotency_key (
      enterprise_id bigint not null,
      user_id bigint not null,
      operation text not null,
      key_hash bytea not null,
      body_hmac bytea not null,
      status smallint not null check (status between 200 and 299),
      body json not null,
      etag text not null,
      target_id bigint not null,
      created_on timestamptz not null default now(),
      primary key (enterprise_id, user_id, operation, key_hash)
    )`.execute(db)
  await spread(db, `select create_distributed_table('idempotency_key', 'enterprise_id', colocate_with => 'user_account')`)

  await sql`alter table idempotency_key add foreign key (enterprise_id) references enterprise (id)`.execute(db)
  for (const column of ['user_id', 'target_id']) {
    await sql`
      alter table idempotency_key
        add foreign key (enterprise_id, ${sql.ref(column)}) references user_account (enterprise_id, id)
        on delete cascade`.execute(db)
  }
  await sql`create index idempotency_key_target on idempotency_key (enterprise_id, target_id)`.execute(db)
  await sql`create index idempotency_key_age on idempotency_key (enterprise_id, created_on)`.execute(db)
}

// The trail outlives the users whom it is about, so nothing of it refers to `user_account`.
async function audit(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_entry (
      enterprise_id bigint not null,
      seq bigint not null check (seq >= 1),
      created_on timestamptz not null,
      action text not null,
      source text not null,
      actor_id bigint,
      key_prefix text,
      request_id text,
      target_type text not null,
      target text not null,
      user_id bigint,
      before jsonb not null,
      after jsonb not null,
      prev bytea not null,
      hash bytea not null,
      primary key (enterprise_id, seq)
    )`.execute(db)
  await spread(db, `select create_distributed_table('audit_entry', 'enterprise_id', colocate_with => 'user_account')`)

  await sql`
    create table audit_head (
      enterprise_id bigint primary key,
      seq bigint not null,
      hash bytea not null,
      pruned_seq bigint not null default 0,
      pruned_hash bytea not null
    )`.execute(db)
  await spread(db, `select create_distributed_table('audit_head', 'enterprise_id', colocate_with => 'user_account')`)

  for (const table of ['audit_entry', 'audit_head']) {
    await sql`alter table ${sql.table(table)} add foreign key (enterprise_id) references enterprise (id)`.execute(db)
  }
  await sql`create index audit_entry_user on audit_entry (enterprise_id, user_id, seq)`.execute(db)
  await sql`create index audit_entry_actor on audit_entry (enterprise_id, actor_id, seq)`.execute(db)
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
      held integer not null,
      held_until timestamptz not null,
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

/** The second release: an audit trail, answers kept under an idempotency key, the life of keys, and sign-ins. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await audit(db)
  await idempotency(db)
  await keys(db)
  await signIns(db)
}
