import type { Kysely } from 'kysely'
import { parseKey } from '../../src/auth/keys.js'
import { auditEntriesOf } from '../../src/db/audit.js'
import type { AuditEntry } from '../../src/db/audit-chain.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import type { Database } from '../../src/db/schema.js'

/** The newest entries of an enterprise's trail, the newest first. */
export async function newest(db: Kysely<Database>, limit = 1, enterprise = 'acme'): Promise<AuditEntry[]> {
  return auditEntriesOf(db, (await findEnterprise(db, enterprise))!).list({ limit, order: 'newest' })
}

/** What an entry says of a change of a user that was made with a key. */
export const byKey = (actor_id: number, key: string, request_id: string, user_id: number) => ({
  source: 'api',
  actor_id,
  key_prefix: parseKey(key)!.prefix,
  request_id,
  target_type: 'user',
  target: String(user_id),
  user_id,
})
