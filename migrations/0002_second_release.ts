import { type Kysely, sql } from 'kysely'

// On Citus a table is distributed before a foreign key points at it or from it, so keys are added after that.
async function spread(db: Kysely<unknown>, statement: string): Promise<void> {
  const { rows } = await sql<{ citus: boolean }>`
    select to_regproc('create_distributed_table') is not null as citus`.execute(db)
  if (rows[0]?.citus) await sql.raw(statement).execute(db)
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

/** The second release: an audit trail, and answers that are kept under an idempotency key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await audit(db)
  await idempotency(db)
}
