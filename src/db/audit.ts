import { type Kysely, sql, type Transaction } from 'kysely'
import { type AuditEntry, hashOf, momentOf, NO_HASH } from './audit-chain.js'
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

const entry = [
  'seq',
  sql<string>`to_char(created_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('created_on'),
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

async function lockHead(trx: Transaction<Database>, enterprise_id: number): Promise<AuditHead> {
  const lock = () =>
    trx.selectFrom('audit_head').select(head).where('enterprise_id', '=', enterprise_id).forUpdate().executeTakeFirst()
  const found = await lock()
  if (found !== undefined) return found
  const none = bytes(NO_HASH)
  await trx
    .insertInto('audit_head')
    .values({ enterprise_id, seq: 0, hash: none, pruned_hash: none })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (await lock()) as AuditHead
}

/** Writes an entry behind a head that is locked. */
async function appendTo(
  trx: Transaction<Database>,
  { id: enterprise_id, uuid }: Audited,
  { seq: last, hash: prev }: AuditHead,
  fields: AuditActor & AuditChange,
): Promise<void> {
  const seq = last + 1
  const created_on = momentOf(new Date())
  const { before, after, ...others } = fields
  const hash = bytes(hashOf({ ...fields, enterprise: uuid, seq, created_on, prev }))
  await trx
    .insertInto('audit_entry')
    .values({
      ...others,
      enterprise_id,
      seq,
      created_on,
      before: JSON.stringify(before),
      after: JSON.stringify(after),
      prev: bytes(prev),
      hash,
    })
    .execute()
  await trx.updateTable('audit_head').set({ seq, hash }).where('enterprise_id', '=', enterprise_id).execute()
}

/** The audit trail of one enterprise, to write, in the transaction of the change. */
export function auditOf(trx: Transaction<Database>, enterprise: Audited) {
  return {
    /**
     * Appends the entry of a change. It locks the end of the enterprise's trail until the transaction ends, so call it last:
     * the locks on users come first everywhere, and nothing waits longer than it must.
     */
    append: async (actor: AuditActor, change: AuditChange): Promise<void> =>
      appendTo(trx, enterprise, await lockHead(trx, enterprise.id), { ...actor, ...change }),
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

    /** Where the trail ends; undefined before its first entry. */
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
      const locked = await lockHead(trx, enterprise.id)
      // Another prune was here.
      if (locked.pruned_seq >= pruned_seq) return
      await appendTo(trx, enterprise, locked, {
        ...COMMAND_LINE,
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
