import type { Kysely } from 'kysely'
import { clientsOf } from '../db/clients.js'
import type { AuditActor } from '../db/audit.js'
import type { Found, KeyOwner, Lookup } from '../db/lookups.js'
import type { Database } from '../db/schema.js'
import { Problem } from '../errors.js'
import type { Waiter } from '../overload.js'
import { parseKey } from './keys.js'

/** Who does something, as rules of writes know it. */
export interface Actor extends KeyOwner {
  /** The display prefix of the key, for logs and the audit trail. */
  readonly key_prefix: string
  /** The id of the request, for the audit trail. */
  readonly request_id: string
  /** The request, as far as work asks whether it is still wanted. */
  readonly waiter?: Waiter | undefined
}

/** The actor as the audit trail names it. */
export function auditActor({ user, key_prefix, request_id }: Actor): AuditActor {
  return { source: 'api', actor_id: user.id, key_prefix, request_id }
}

/** Who calls: the owner of the key that was presented, read from the database for this request. */
export interface Caller extends Found, Actor {
  /** The key as it was presented. A secret: for the `token` of `getUserInfo` alone. */
  readonly key: string
}

const BEARER = 'Bearer '

function presentedKey(authorization: string | undefined): string {
  const value = authorization?.trim() ?? ''
  const isBearer = value.slice(0, BEARER.length).trimEnd().toLowerCase() === 'bearer'
  const key = isBearer ? value.slice(BEARER.length).trimStart() : value
  if (key === '') throw new Problem('not_authenticated')
  return key
}

/**
 * Finds the caller by the value of the header `Authorization`: `Bearer <key>` or the bare key.
 *
 * @param user_id the user to read with the caller; undefined for the caller itself
 * @param request_id kept with the caller
 * @throws {Problem} `not_authenticated` when no key was sent; `invalid_credentials` when it is malformed, unknown, expired
 *   or revoked, or its user inactive
 */
export async function authenticate(
  lookup: Lookup,
  authorization: string | undefined,
  user_id: number | undefined,
  request_id: string,
  waiter?: Waiter,
): Promise<Caller> {
  const key = presentedKey(authorization)
  const parsed = parseKey(key)
  if (parsed === undefined) throw new Problem('invalid_credentials')
  const { enterprise_id, hash, prefix } = parsed
  const found = await lookup({ enterprise_id, hash, user_id, waiter })
  if (found === undefined) throw new Problem('invalid_credentials')
  const { user, enterprise, api_key, wanted } = found
  // Written out: every request makes one.
  return { user, enterprise, api_key, wanted, key, key_prefix: prefix, request_id, waiter }
}

/**
 * Checks the optional headers of `getUserInfo`: the tenant must be the caller's enterprise, the client one of it.
 *
 * @throws {Problem} `invalid_credentials`
 */
export async function checkTenant(
  db: Kysely<Database>,
  { enterprise }: Caller,
  headers: { readonly 'x-tenant'?: string; readonly 'x-client-id'?: string },
): Promise<void> {
  const { 'x-tenant': tenant, 'x-client-id': client } = headers
  const tenantFits = tenant === undefined || tenant === enterprise.name
  const clientFits = client === undefined || (await clientsOf(db, enterprise.id).has(client))
  if (!tenantFits || !clientFits) throw new Problem('invalid_credentials')
}
