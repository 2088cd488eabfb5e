import type { Kysely } from 'kysely'
import { clientsOf } from '../db/clients.js'
import { type KeyOwner, keysOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { Problem } from '../errors.js'
import { parseKey } from './keys.js'

/** Who calls: the owner of the key that was presented, read from the database for this request. */
export interface Caller extends KeyOwner {
  /** The key as it was presented. A secret: for the `token` of `getUserInfo` alone. */
  readonly key: string
  /** The key's display prefix, for logs. */
  readonly key_prefix: string
}

function presentedKey(authorization: string | undefined): string {
  const key = /^(?:Bearer(?: +|$))?(.*)$/i.exec(authorization?.trim() ?? '')?.[1] ?? ''
  if (key === '') throw new Problem('not_authenticated')
  return key
}

/**
 * Finds the caller by the value of the header `Authorization`: `Bearer <key>` or the bare key.
 *
 * @throws {Problem} `not_authenticated` when no key was sent; `invalid_credentials` when it is malformed, unknown, expired
 *   or revoked, or its user inactive
 */
export async function authenticate(db: Kysely<Database>, authorization: string | undefined): Promise<Caller> {
  const key = presentedKey(authorization)
  const parsed = parseKey(key)
  if (parsed === undefined) throw new Problem('invalid_credentials')
  const owner = await keysOf(db, parsed.enterprise_id).findOwner(parsed.hash)
  if (owner === undefined) throw new Problem('invalid_credentials')
  return { ...owner, key, key_prefix: parsed.prefix }
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
