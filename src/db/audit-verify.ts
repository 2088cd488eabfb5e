import type { Kysely } from 'kysely'
import { auditEntriesOf, type Audited, type AuditHead } from './audit.js'
import { type AuditEntry, hashOf, NO_HASH } from './audit-chain.js'
import type { Database } from './schema.js'

/** Entries read at a time, so that memory is bounded. */
const BATCH = 1000

/** When so many faults of one enterprise are told, those of further entries are counted. */
const TOLD = 100

/** A place in the trail that is not as it was written. */
export interface AuditFault {
  readonly seq: number
  readonly fault: string
}

/** What `verify` found in one enterprise. */
export interface Verified {
  /** Entries that were looked at. */
  readonly entries: number
  /** The last entry; compare it with one that is kept elsewhere. */
  readonly seq: number
  readonly hash: string
  readonly faults: readonly AuditFault[]
  /** Faults that are not among `faults`. */
  readonly more: number
}

/** Reads all entries in the order of their places, in batches. */
export async function* readAll(db: Kysely<Database>, enterprise: Audited, from: number): AsyncGenerator<AuditEntry> {
  const trail = auditEntriesOf(db, enterprise)
  for (let after: number | undefined = from; after !== undefined;) {
    const batch: AuditEntry[] = await trail.list({ limit: BATCH, after })
    yield* batch
    after = batch.length === BATCH ? batch.at(-1)?.seq : undefined
  }
}

/** A fault, or an entry whose hash is not that of its values. */
type Found = AuditFault | AuditEntry

/** Says of the entries whether they were edited or are only at another's place: a missing one's, or that of one found too. */
function tell(found: readonly Found[]): AuditFault[] {
  return found.map((one) => {
    if ('fault' in one) return one
    const former = found.find(({ seq }) => hashOf({ ...one, seq }) === one.hash)
    const fault = former ? `reordered: it was entry ${String(former.seq)}` : 'edited: its hash is not that of its values'
    return { seq: one.seq, fault }
  })
}

function faultsOfEnds(head: AuditHead, last: Pick<AuditEntry, 'seq' | 'hash'>, pruned: AuditEntry['after']): AuditFault[] {
  const faults: AuditFault[] = []
  if (last.seq < head.seq) {
    faults.push({ seq: last.seq + 1, fault: `removed: the newest entries, ${String(last.seq + 1)} to ${String(head.seq)}, are not there` })
  } else if (last.seq === head.seq && last.hash !== head.hash) {
    faults.push({ seq: head.seq, fault: 'replaced: it is not the entry that was written last' })
  }
  if (pruned.pruned_seq !== head.pruned_seq || pruned.pruned_hash !== head.pruned_hash) {
    faults.push({ seq: head.pruned_seq, fault: 'removed: where the trail begins is not where its last prune says' })
  }
  return faults
}

function faultsOf(entry: AuditEntry, last: Pick<AuditEntry, 'seq' | 'hash'>, head: AuditHead): Found[] {
  const { seq } = entry
  const found: Found[] = []
  const expected = last.seq + 1
  if (seq > expected) {
    const to = seq > expected + 1 ? ` to ${String(seq - 1)}` : ''
    found.push({ seq: expected, fault: `removed: ${String(expected)}${to} is not there` })
  }
  if (hashOf(entry) !== entry.hash) found.push(entry)
  else if (entry.prev !== last.hash) found.push({ seq, fault: 'does not follow the entry before: one of the two was put there' })
  if (seq > head.seq) found.push({ seq, fault: 'put in: it is behind the entry that was written last' })
  return found
}

const NONE: AuditHead = { seq: 0, hash: NO_HASH, pruned_seq: 0, pruned_hash: NO_HASH }

/**
 * Walks the trail of an enterprise as it is at one moment, from the last prune to its end, and finds every entry that was
 * edited, removed, put elsewhere or put in. Who can write all tables can also write a whole new trail; against that, compare
 * with a hash that is kept elsewhere.
 */
export async function verifyAudit(db: Kysely<Database>, enterprise: Audited): Promise<Verified> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (trx) => {
    const head = (await auditEntriesOf(trx, enterprise).head()) ?? NONE
    const found: Found[] = []
    let more = 0
    let entries = 0
    let last: Pick<AuditEntry, 'seq' | 'hash'> = { seq: head.pruned_seq, hash: head.pruned_hash }
    let pruned: AuditEntry['after'] = { pruned_seq: NONE.pruned_seq, pruned_hash: NONE.pruned_hash }
    for await (const entry of readAll(trx, enterprise, head.pruned_seq)) {
      const faults = faultsOf(entry, last, head)
      if (found.length < TOLD) found.push(...faults)
      else more += faults.length
      if (entry.action === 'audit.prune') pruned = entry.after
      entries++
      last = entry
    }
    return { entries, seq: head.seq, hash: head.hash, faults: [...tell(found), ...faultsOfEnds(head, last, pruned)], more }
  })
}
