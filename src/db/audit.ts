import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { type AuditEntry, canonicalAround, NO_HASH } from './audit-chain.js'
import { inTransaction } from './database.js'
import type { Database } from './schema.js'

/** Who made a change, and how. */
export type AuditActor = Pick<AuditEntry, 'source' | 'actor_id' | 'key_prefix' | 'request_id'>

/** What was changed. The actions are a closed set, `AuditAction` of the contract. */
export type AuditChange = Pick<AuditEntry, 'action' | 'target_type' | 'target' | 'user_id' | 'before' | 'after'>

/** The enterprise of a trail. */
export interface Audited {
  readonly id: number
  readonly uuid: string
}

/** The actor of what an operator does on the command line. */
export const COMMAND_LINE: AuditActor = { source: 'cli', actor_id: null, key_prefix: null, request_id: null }

/** Where the trail of an enterprise ends, and where it begins since the last prune. Hashes in hexadecimal. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
  readonly pruned_seq: number
  readonly pruned_hash: string
}

const bytes = (hex: string) => Buffer.from(hex, 'hex')

const head = [
  'seq',
  sql<string>`encode(hash, 'hex')`.as('hash'),
  'pruned_seq',
  sql<string>`encode(pruned_hash, 'hex')`.as('pruned_hash'),
] as const

/** A moment as entries have it, in UTC with six digits of a second: what Postgres stores, so that it comes back the same. */
const momentOf = (time: RawBuilder<Date>) => sql<string>`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

const entry = [
  'seq',
  momentOf(sql`created_on`).as('created_on'),
  'action',
  'source',
  'actor_id',
  'key_prefix',
  'request_id',
  'target_type',
  'target',
  'user_id',
  'before',
  'after',
  sql<string>`encode(prev, 'hex')`.as('prev'),
  sql<string>`encode(hash, 'hex')`.as('hash'),
] as const

/** A change whose target has no id before the statement that makes it. */
export type AuditChangeOf = Omit<AuditChange, 'target' | 'user_id'>

/**
 * Common table expressions that append an entry, the last of them `appended`, for the statement of the change itself. They lock
 * the end of the trail until the transaction ends. Where the trail was not begun they append nothing.
 *
 * @param changed a table of one row, with `target` and `user_id`, that is there once all other locks are held
 */
export function appending({ id, uuid }: Audited, fields: AuditActor & AuditChangeOf, changed: RawBuilder<unknown>): RawBuilder<unknown> {
  const { action, source, actor_id, key_prefix, request_id, target_type, before, after } = fields
  const known = { action, source, actor_id, key_prefix, request_id, target_type, before, after, enterprise: uuid }
  const [toTime, toPrev, toSeq, toTarget, toUser, toEnd] = canonicalAround(known).map((text) => sql`${text}::text`)
  // Postgres makes the hash: it alone knows the place of the entry before anybody else can have it.
  return sql`
    place as materialized (
      select seq + 1 as seq, hash as prev, clock_timestamp() as created_on, target, user_id
      from audit_head, ${changed} as changed where enterprise_id = ${id} for update of audit_head
    ),
    entry as materialized (
      select seq, prev, created_on, target, user_id, sha256(convert_to(
        ${toTime} || to_json(${momentOf(sql`created_on`)}) || ${toPrev} || to_json(encode(prev, 'hex')) || ${toSeq} || seq ||
        ${toTarget} || to_json(target) || ${toUser} || coalesce(user_id::text, 'null') || ${toEnd}, 'UTF8')) as hash
      from place
    ),
    head as (
      update audit_head set seq = entry.seq, hash = entry.hash from entry where enterprise_id = ${id}
    ),
    appended as (
      insert into audit_entry (
        enterprise_id, seq, created_on, action, source, actor_id, key_prefix, request_id,
        target_type, target, user_id, before, after, prev, hash
      )
      select
        ${id}::bigint, seq, created_on, ${action}, ${source}, ${actor_id}::bigint, ${key_prefix}, ${request_id},
        ${target_type}, target, user_id, ${JSON.stringify(before)}::jsonb, ${JSON.stringify(after)}::jsonb, prev, hash
      from entry
      returning seq
    )`
}

/** Begins the trail of an enterprise, where it was not. */
export async function beginTrail(db: Kysely<Database>, enterprise_id: number): Promise<void> {
  const none = bytes(NO_HASH)
  await db
    .insertInto('audit_head')
    .values({ enterprise_id, seq: 0, hash: none, pruned_hash: none })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** The audit trail of one enterprise, to write, in the transaction of the change. */
export function auditOf(trx: Transaction<Database>, enterprise: Audited) {
  const attempt = async (actor: AuditActor, change: AuditChange): Promise<boolean> => {
    const changed = sql`(select ${change.target}::text as target, ${change.user_id}::bigint as user_id)`
    const { rows } = await sql`
      with ${appending(enterprise, { ...actor, ...change }, changed)} select seq from appended`.execute(trx)
    return rows.length === 1
  }
  return {
    /**
     * Appends the entry of a change. It locks the end of the enterprise's trail until the transaction ends, so call it last:
     * the locks on users come first everywhere, and nothing waits longer than it must.
     */
    append: async (actor: AuditActor, change: AuditChange): Promise<void> => {
      if (await attempt(actor, change)) return
      await beginTrail(trx, enterprise.id)
      if (!(await attempt(actor, change))) throw new Error('the database keeps no entry of the audit trail')
    },
  }
}

/** Which entries to read. */
export interface AuditQuery {
  readonly limit: number
  /** The `seq` after which they begin, in the order asked for. */
  readonly after?: number | undefined
  readonly order?: 'oldest' | 'newest'
  /** Each has an index of its own. With both, the entries about the user are looked through. */
  readonly user_id?: number | undefined
  readonly actor_id?: number | undefined
}

/** The audit trail of one enterprise, to read. */
export function auditEntriesOf(db: Kysely<Database>, { id, uuid }: Audited) {
  return {
    /** Some entries by `seq`. The cost does not grow with the trail. */
    async list({ limit, after, order = 'oldest', user_id, actor_id }: AuditQuery): Promise<AuditEntry[]> {
      const [beyond, direction] = order === 'oldest' ? (['>', 'asc'] as const) : (['<', 'desc'] as const)
      const rows = await db
        .selectFrom('audit_entry')
        .select(entry)
        .where('enterprise_id', '=', id)
        .$if(after !== undefined, (query) => query.where('seq', beyond, after as number))
        .$if(user_id !== undefined, (query) => query.where('user_id', '=', user_id as number))
        .$if(actor_id !== undefined, (query) => query.where('actor_id', '=', actor_id as number))
        .orderBy('seq', direction)
        .limit(limit)
        .execute()
      return rows.map((row) => ({ enterprise: uuid, ...row }))
    },

    /** Where the trail ends; undefined where it was not begun. */
    head: (): Promise<AuditHead | undefined> =>
      db.selectFrom('audit_head').select(head).where('enterprise_id', '=', id).executeTakeFirst(),

    /** The hash of the entry at a place. */
    async hashAt(seq: number): Promise<string | undefined> {
      const query = db.selectFrom('audit_entry').select(entry[13])
      return (await query.where('enterprise_id', '=', id).where('seq', '=', seq).executeTakeFirst())?.hash
    },

    /** The first entry, from a place on, that was made at a moment or after it. */
    async firstSince(moment: Date, after: number): Promise<number | undefined> {
      const query = db.selectFrom('audit_entry').select('seq').where('enterprise_id', '=', id).where('seq', '>', after)
      return (await query.where('created_on', '>=', moment).orderBy('seq').limit(1).executeTakeFirst())?.seq
    },
  }
}

/** Entries that one statement of a prune deletes. */
const BATCH = 1000

/** What a prune removes: how many entries, and the place up to which they are gone. */
export interface Pruned {
  readonly entries: number
  readonly pruned_seq: number
}

/**
 * Removes the oldest entries, up to the first one that was made at `before` or later. First it says so in the trail, and
 * moves the place where `verify` starts, in one transaction; then it deletes in batches. One that was cut off is finished by the
 * next.
 *
 * @param dryRun only says what it would remove
 */
export async function pruneAudit(db: Kysely<Database>, enterprise: Audited, before: Date, dryRun: boolean): Promise<Pruned> {
  const trail = auditEntriesOf(db, enterprise)
  const start = (await trail.head()) ?? { seq: 0, pruned_seq: 0 }
  // Looked for without a lock: what is old stays, and what is new comes behind it.
  const pruned_seq = ((await trail.firstSince(before, start.pruned_seq)) ?? start.seq + 1) - 1
  const pruned = { entries: pruned_seq - start.pruned_seq, pruned_seq }
  if (dryRun) return pruned
  const pruned_hash = pruned.entries > 0 ? await trail.hashAt(pruned_seq) : undefined
  if (pruned_hash !== undefined) {
    await inTransaction(db, async (trx) => {
      const ofEnterprise = trx.selectFrom('audit_head').select(head).where('enterprise_id', '=', enterprise.id)
      const locked = await ofEnterprise.forUpdate().executeTakeFirstOrThrow()
      // Another prune was here.
      if (locked.pruned_seq >= pruned_seq) return
      await auditOf(trx, enterprise).append(COMMAND_LINE, {
        action: 'audit.prune',
        target_type: 'enterprise',
        target: enterprise.uuid,
        user_id: null,
        before: { pruned_seq: locked.pruned_seq, pruned_hash: locked.pruned_hash },
        after: { pruned_seq, pruned_hash },
      })
      await trx
        .updateTable('audit_head')
        .set({ pruned_seq, pruned_hash: bytes(pruned_hash) })
        .where('enterprise_id', '=', enterprise.id)
        .execute()
    })
  }
  let deleted: bigint
  do {
    const oldest = db.selectFrom('audit_entry').select('seq').where('enterprise_id', '=', enterprise.id)
    const { numDeletedRows } = await db
      .deleteFrom('audit_entry')
      .where('enterprise_id', '=', enterprise.id)
      .where('seq', 'in', oldest.where('seq', '<=', pruned_seq).orderBy('seq').limit(BATCH))
      .executeTakeFirstOrThrow()
    deleted = numDeletedRows
  } while (deleted === BigInt(BATCH))
  return pruned
}
