import type { Kysely } from 'kysely'
import { type AuditQuery, auditEntriesOf } from '../db/audit.js'
import type { AuditEntry } from '../db/audit-chain.js'
import type { KeyOwner } from '../db/lookups.js'
import type { Database } from '../db/schema.js'
import { trailLink } from './links.js'

/**
 * One page of the audit trail of the caller's enterprise, and the link to the page behind it.
 *
 * @param url the absolute URL of the request
 */
export async function readTrail(
  db: Kysely<Database>,
  { enterprise }: KeyOwner,
  query: AuditQuery,
  url: () => string,
): Promise<{ next: string | null; results: AuditEntry[] }> {
  const { limit } = query
  // One more than the page has, to know whether there is another.
  const found = await auditEntriesOf(db, enterprise).list({ ...query, limit: limit + 1 })
  const results = found.slice(0, limit)
  const last = found.length > limit ? results.at(-1) : undefined
  return { next: last ? trailLink(url(), limit, last.seq) : null, results }
}
