import { type Command, InvalidArgumentError } from 'commander'
import type { Kysely } from 'kysely'
import { auditEntriesOf, pruneAudit } from '../db/audit.js'
import { readAll, type Verified, verifyAudit } from '../db/audit-verify.js'
import { type EnterpriseRow, listEnterprises } from '../db/enterprises.js'
import type { Database } from '../db/schema.js'
import { OperatorError } from '../errors.js'
import { command, patient, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

function parsePlace(text: string): number {
  const seq = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(seq)) return seq
  throw new InvalidArgumentError('It must be the seq of an entry.')
}

/** A day in UTC or a moment, as RFC 3339 writes them. */
function parseMoment(text: string): Date {
  const [, day = ''] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.exec(text) ?? []
  const [date, midnight] = [new Date(text), new Date(day)]
  const isRight = !Number.isNaN(date.getTime()) && !Number.isNaN(midnight.getTime())
  // A day that its month does not have would be one of the next.
  if (isRight && midnight.toISOString().startsWith(day)) return date
  throw new InvalidArgumentError('It must be a day or a moment, as 2026-01-31 or 2026-01-31T12:00:00Z.')
}

interface Kept {
  readonly seq: number
  readonly hash: string
}

function parseHead(text: string): Kept {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (seq === undefined || hash === undefined) throw new InvalidArgumentError('It must be SEQ:HASH of an entry.')
  return { seq: Number(seq), hash }
}

async function keptFault(db: Kysely<Database>, enterprise: EnterpriseRow, { seq, hash }: Kept): Promise<string | undefined> {
  const trail = auditEntriesOf(db, enterprise)
  const { pruned_seq = 0, pruned_hash } = (await trail.head()) ?? {}
  const stored = seq === pruned_seq ? pruned_hash : await trail.hashAt(seq)
  if (stored === hash) return undefined
  if (seq < pruned_seq) return 'pruned: nothing is left to compare with the hash of --head'
  return stored === undefined ? 'removed: the entry of --head is not there' : 'replaced: its hash is not the one of --head'
}

async function verifyOne(db: Kysely<Database>, enterprise: EnterpriseRow, kept: Kept | undefined): Promise<Verified> {
  const verified = await verifyAudit(db, enterprise)
  const fault = kept && (await keptFault(db, enterprise, kept))
  if (kept === undefined || fault === undefined) return verified
  return { ...verified, faults: [...verified.faults, { seq: kept.seq, fault }] }
}

function verifyCommand(terminal: Terminal): Command {
  return command(terminal, 'verify', 'find entries that were edited, removed, reordered or put in')
    .option('--enterprise <name>', 'the enterprise; without it, all of them')
    .option('--head <seq:hash>', 'an entry of --enterprise as it was kept elsewhere, which must be there still', parseHead)
    .option('--json', 'print one JSON array', false)
    .action(async ({ enterprise, head, json }: { enterprise?: string; head?: Kept; json: boolean }) => {
      if (head !== undefined && enterprise === undefined) throw new OperatorError('--head needs --enterprise', 2)
      const found = await withDatabase(patient(terminal), async (db) => {
        const all = enterprise === undefined ? await listEnterprises(db) : [await requireEnterprise(db, enterprise)]
        const verified = []
        for (const one of all) verified.push({ enterprise: one.name, ...(await verifyOne(db, one, head)) })
        return verified
      })
      const faulty = found.filter(({ faults }) => faults.length > 0)
      if (json) terminal.out(JSON.stringify(found))
      else {
        printMany(terminal, false, ['enterprise', 'entries', 'seq', 'hash'], found.map(({ faults: _, ...row }) => row))
        const rows = faulty.flatMap(({ enterprise: name, faults }) => faults.map((fault) => ({ enterprise: name, ...fault })))
        if (rows.length > 0) printMany(terminal, false, ['enterprise', 'seq', 'fault'], rows)
      }
      if (faulty.length === 0) return
      const count = faulty.reduce((sum, { faults, more }) => sum + faults.length + more, 0)
      throw new OperatorError(`${String(count)} faults in the audit trail of ${faulty.map((one) => one.enterprise).join(', ')}`)
    })
}

function exportCommand(terminal: Terminal): Command {
  return command(terminal, 'export', 'print all entries, a JSON object a line, the oldest first')
    .requiredOption('--enterprise <name>', 'the enterprise')
    .option('--after <seq>', 'only entries behind this one', parsePlace, 0)
    .action(({ enterprise, after }: { enterprise: string; after: number }) =>
      withDatabase(terminal, async (db) => {
        const found = await requireEnterprise(db, enterprise)
        for await (const entry of readAll(db, found, after)) terminal.out(JSON.stringify(entry))
      }),
    )
}

function pruneCommand(terminal: Terminal): Command {
  return command(terminal, 'prune', 'remove the oldest entries for good, and say so in the trail')
    .requiredOption('--enterprise <name>', 'the enterprise')
    .requiredOption('--before <moment>', 'entries from then on stay; a day in UTC, or a moment', parseMoment)
    .option('--dry-run', 'only say what would be removed', false)
    .option('--json', 'print one JSON object', false)
    .action(async (options: { enterprise: string; before: Date; dryRun: boolean; json: boolean }) => {
      const { enterprise, before, dryRun, json } = options
      const pruned = await withDatabase(patient(terminal), async (db) =>
        pruneAudit(db, await requireEnterprise(db, enterprise), before, dryRun),
      )
      printOne(terminal, json, { enterprise, ...pruned, dry_run: dryRun })
    })
}

/** `roster audit export|verify|prune`. */
export function auditCommand(terminal: Terminal): Command {
  return command(terminal, 'audit', 'the trail of all changes in an enterprise')
    .addCommand(exportCommand(terminal))
    .addCommand(verifyCommand(terminal))
    .addCommand(pruneCommand(terminal))
}
