import type { Kysely, Transaction } from 'kysely'
import type { components } from '../../generated/openapi.js'
import { auditActor, type Caller } from '../auth/authenticate.js'
import { KEY_DAYS, makeKey } from '../auth/keys.js'
import { keyMade, keyRevoked } from '../auth/made-keys.js'
import type { Config } from '../config.js'
import { auditOf } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { type KeyRow, keysOf, keyWritesOf, type NewKey } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { userWritesOf } from '../db/user-writes.js'
import type { UserRow } from '../db/users.js'
import { Problem } from '../errors.js'
import { DAY_MS } from '../settings.js'
import { noSuchKey, noSuchUser, requireFound, requireMayTouch, requireStillMayCall, type WhoMayCall } from './access.js'

/** A key as answered (`ApiKey` in the contract). */
export type ApiKey = components['schemas']['ApiKey']

/** A key with its secret (`ApiKeyMade` in the contract). */
export type ApiKeyMade = components['schemas']['ApiKeyMade']

/** What the rules of keys need. */
export interface KeyDeps {
  readonly db: Kysely<Database>
  readonly config: Pick<Config, 'keysPerUser' | 'rotateOverlapMs'>
}

/** A key as the API shows it. */
export function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    kind: row.kind,
    read_only: row.read_only,
    created_on: row.created_on.toISOString(),
    expires_on: row.expires_on.toISOString(),
    last_used_on: row.last_used_on?.toISOString() ?? null,
    replaced_on: row.replaced_on?.toISOString() ?? null,
  }
}

/** The presented key, as `getTokenInfo` shows it. */
export async function readTokenInfo(db: Kysely<Database>, caller: Caller): Promise<components['schemas']['TokenInfo']> {
  const { enterprise, user, api_key, key } = caller
  const row = await keysOf(db, enterprise.id).find(api_key.id)
  // Deleted since the request began.
  if (row === undefined) throw new Problem('invalid_credentials')
  return {
    id: row.id,
    enterprise: enterprise.uuid,
    user: String(user.id),
    developer_app: null,
    source_refresh_token: null,
    token: key,
    expires_on: row.expires_on.toISOString(),
    scope: row.read_only ? ['read'] : ['read', 'write'],
    created_on: row.created_on.toISOString(),
    updated_on: (row.replaced_on ?? row.created_on).toISOString(),
  }
}

/**
 * One page of the keys of the user that the request names, which work.
 *
 * @throws {Problem} `not_found`, `forbidden`
 */
export async function listKeys(
  db: Kysely<Database>,
  caller: Caller,
  page: { limit: number; offset: number },
): Promise<{ count: number; results: ApiKey[] }> {
  const { enterprise, user, wanted } = caller
  if (wanted === undefined) throw noSuchUser()
  requireMayTouch(user, wanted)
  const { count, rows } = await keysOf(db, enterprise.id).page(wanted.id, page)
  return { count, results: rows.map(toApiKey) }
}

/** What a write of keys works with: both users, and the presented key, as they are locked. */
export interface Locked {
  readonly keys: ReturnType<typeof keyWritesOf>
  readonly target: UserRow
  readonly presented: KeyRow
}

/**
 * Locks the caller and the user, whose keys are written under that lock alone, and checks again that the caller may, with a
 * key that still works.
 *
 * @throws {Problem} `invalid_credentials`, `forbidden`, `not_found`
 */
export async function lockKeys(
  trx: Transaction<Database>,
  caller: Caller,
  { whoMayCall, user_id }: { whoMayCall: WhoMayCall; user_id: number },
): Promise<Locked> {
  const { id } = caller.user
  const locked = await userWritesOf(trx, caller.enterprise.id).lock([id, user_id])
  const self = requireStillMayCall(whoMayCall, locked.get(id), user_id)
  const keys = keyWritesOf(trx, caller.enterprise.id)
  const presented = await keys.findLive(id, caller.api_key.id)
  if (presented === undefined) throw new Problem('invalid_credentials')
  const target = requireFound(locked.get(user_id))
  requireMayTouch(self, target)
  return { keys, target, presented }
}

/** A key that was rotated may be known to somebody else: it makes no others while it still works. */
function requireNotReplaced({ replaced_on }: KeyRow): void {
  if (replaced_on !== null) throw new Problem('forbidden', ['This key was rotated: use the one that replaces it.'])
}

/**
 * Stores a new key of a user whose row is locked, in place of those that work no longer.
 *
 * @param most how many of its kind the user may have before
 * @throws {Problem} `too_many_keys`
 */
async function store(
  keys: Locked['keys'],
  { most, told }: { most: number; told: number },
  enterprise_id: number,
  key: Pick<NewKey, 'user_id' | 'name' | 'read_only' | 'expires_on'> & Pick<KeyRow, 'kind'>,
): Promise<ApiKeyMade> {
  if ((await keys.count(key.user_id, key.kind)) >= most) {
    throw new Problem('too_many_keys', [`api_key: at most ${String(told)} at a time`])
  }
  await keys.deleteDead(key.user_id, key.kind)
  const { hash, prefix, key: secret } = makeKey(enterprise_id)
  return { ...toApiKey(await keys.insert({ ...key, hash, prefix })), key: secret }
}

/**
 * Makes a key of the caller's own.
 *
 * @throws {Problem} `invalid_credentials`, `forbidden`, `too_many_keys`
 */
export async function createApiKey(
  { db, config }: KeyDeps,
  caller: Caller,
  { name, expires_days = KEY_DAYS, read_only = false }: components['schemas']['ApiKeyCreate'],
): Promise<ApiKeyMade> {
  const { enterprise, user } = caller
  return inTransaction(db, async (trx) => {
    const { keys, presented } = await lockKeys(trx, caller, { whoMayCall: 'self', user_id: user.id })
    requireNotReplaced(presented)
    const bounds = { most: config.keysPerUser, told: config.keysPerUser }
    const key = { user_id: user.id, name, kind: 'made', read_only, expires_on: { livesMs: expires_days * DAY_MS } } as const
    const made = await store(keys, bounds, enterprise.id, key)
    await auditOf(trx, enterprise).append(auditActor(caller), keyMade(user.id, made.prefix, new Date(made.expires_on)))
    return made
  }, caller.waiter)
}

/**
 * Replaces a key of the caller's own by one of the same name, kind, scope and expiry. The old one works a while longer.
 *
 * @throws {Problem} `invalid_credentials`, `forbidden`, `not_found`, `already_rotated`, `too_many_keys`
 */
export async function rotateApiKey({ db, config }: KeyDeps, caller: Caller, api_key_id: string): Promise<ApiKeyMade> {
  const { enterprise, user } = caller
  return inTransaction(db, async (trx) => {
    const { keys, presented } = await lockKeys(trx, caller, { whoMayCall: 'self', user_id: user.id })
    const old = await keys.findLive(user.id, api_key_id)
    if (old === undefined) throw noSuchKey()
    if (old.replaced_on !== null) throw new Problem('already_rotated', ['api_key_id: was rotated already'])
    requireNotReplaced(presented)
    const { name, kind, read_only, expires_on } = old
    // Those that are replaced count too, so that a key that is rotated again and again leaves no trail without end.
    const bounds = { most: 2 * config.keysPerUser, told: 2 * config.keysPerUser }
    const key = { user_id: user.id, name, kind, read_only, expires_on }
    const made = await store(keys, bounds, enterprise.id, key)
    await keys.replace(old.id, config.rotateOverlapMs)
    await auditOf(trx, enterprise).append(auditActor(caller), {
      action: 'key.rotate',
      target_type: 'key',
      target: old.prefix,
      user_id: user.id,
      before: { prefix: old.prefix },
      after: { prefix: made.prefix, expires_on: made.expires_on },
    })
    return made
  }, caller.waiter)
}

/**
 * Revokes a key of the caller's own, or of a user whom the caller may change.
 *
 * @throws {Problem} `invalid_credentials`, `forbidden`, `not_found`
 */
export async function revokeApiKey(
  db: Kysely<Database>,
  caller: Caller,
  { user_id, api_key_id }: { user_id: number; api_key_id: string },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { keys, target } = await lockKeys(trx, caller, { whoMayCall: 'managers-or-self', user_id })
    const key = await keys.findLive(target.id, api_key_id)
    if (key === undefined) throw noSuchKey()
    await keys.revokeOne(api_key_id)
    await auditOf(trx, caller.enterprise).append(auditActor(caller), keyRevoked(target.id, key.prefix))
  }, caller.waiter)
}
