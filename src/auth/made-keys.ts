import type { Kysely } from 'kysely'
import { type AuditChange, auditOf, COMMAND_LINE } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import type { EnterpriseRow } from '../db/enterprises.js'
import { keyWritesOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { userWritesOf } from '../db/user-writes.js'
import { usersOf } from '../db/users.js'
import { OperatorError } from '../errors.js'
import { nameKey } from '../names.js'
import { DAY_MS } from '../settings.js'
import { KEY_DAYS, makeKey } from './keys.js'

/** What may be said of a key that the command line makes. */
export interface KeyOptions {
  readonly name?: string
  readonly read_only?: boolean
  /** Days that it lives, from 1 to 1,000. */
  readonly expires_days?: number
}

/** A key that was made, for the audit trail. */
export function keyMade(user_id: number, prefix: string, expires_on: Date): AuditChange {
  const after = { prefix, expires_on: expires_on.toISOString() }
  return { action: 'key.create', target_type: 'key', target: prefix, user_id, before: {}, after }
}

/** A key that was revoked, for the audit trail. */
export function keyRevoked(user_id: number, prefix: string): AuditChange {
  const values = { before: { revoked: false }, after: { revoked: true } }
  return { action: 'key.revoke', target_type: 'key', target: prefix, user_id, ...values }
}

/**
 * Makes a key for a user, from the command line: however many it has. The secret is shown here only.
 *
 * @throws {OperatorError} when there is no such user
 */
export async function createKey(
  db: Kysely<Database>,
  enterprise: EnterpriseRow,
  username: string,
  { name = '', read_only = false, expires_days = KEY_DAYS }: KeyOptions = {},
): Promise<{ api_key: string; expires_on: Date }> {
  return inTransaction(db, async (trx) => {
    const user = await usersOf(trx, enterprise.id).match({ username_key: nameKey(username) })
    // Locked, so that a delete at the same moment is either before the key or takes it along.
    const locked = user && (await userWritesOf(trx, enterprise.id).lock([user.id])).get(user.id)
    if (locked === undefined) throw new OperatorError(`there is no user ${username} in ${enterprise.name}`)
    const { key, hash, prefix, expires_on } = makeKey(enterprise.id, expires_days * DAY_MS)
    const row = await keyWritesOf(trx, enterprise.id).insert({ user_id: locked.id, hash, prefix, expires_on, name, read_only })
    await auditOf(trx, enterprise).append(COMMAND_LINE, keyMade(locked.id, prefix, row.expires_on))
    return { api_key: key, expires_on: row.expires_on }
  })
}

/**
 * Revokes a key by its display prefix, as `key list` prints it.
 *
 * @throws {OperatorError} when no key that is not revoked has this prefix
 */
export async function revokeKey(db: Kysely<Database>, enterprise: EnterpriseRow, prefix: string): Promise<number> {
  const owners = await inTransaction(db, async (trx) => {
    const revoked = await keyWritesOf(trx, enterprise.id).revoke(prefix)
    for (const user_id of revoked) await auditOf(trx, enterprise).append(COMMAND_LINE, keyRevoked(user_id, prefix))
    return revoked
  })
  if (owners.length === 0) throw new OperatorError(`no key of ${enterprise.name} has this prefix, or it is revoked already`)
  return owners.length
}
