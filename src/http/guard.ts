import type { onRequestAsyncHookHandler } from 'fastify'
import { operations } from '../../generated/operations.js'
import { authenticate, type Caller } from '../auth/authenticate.js'
import type { Lookup } from '../db/lookups.js'
import type { OperationId } from '../handlers/seam.js'
import { noSuchKey, noSuchUser, requireMayCall, requireScope } from '../users/access.js'
import type { LastUsed } from '../auth/last-used.js'
import type { RateLimits } from './rate-limits.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set by the guard, so it is there in every handler of an operation. */
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    /** The operation that the route belongs to. */
    operationId?: OperationId
  }
}

const CANONICAL_ID = /^[1-9][0-9]{0,15}$/

/** As RFC 9562 says to write them; Postgres would read other forms too. */
const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function parseId(text: string): number | undefined {
  const id = Number(text)
  return CANONICAL_ID.test(text) && Number.isSafeInteger(id) ? id : undefined
}

/**
 * The hook that runs before an operation's body is read: whether the address sends too much (429), who calls (401), whether
 * its key sends too much (429), whether the scope of the key, or role and path alone, forbid it (403), and whether the path names
 * a user and a key at all (404), in that order.
 *
 * Glue's own security handlers would run after the body was read and turn a lost database into a 401.
 */
export function guard(
  lookup: Lookup,
  lastUsed: LastUsed,
  operationId: OperationId,
  limits?: RateLimits,
): onRequestAsyncHookHandler {
  const { needsKey, whoMayCall, readOnlyKey } = operations[operationId]
  return async (request, reply) => {
    // Read only with a limit, since it parses the forwarded addresses.
    if (limits !== undefined) limits.ofAddress(request.client_address, reply)
    // A key that is sent nevertheless is not looked at.
    if (!needsKey) return
    const params = request.params as { user_id?: string | number; api_key_id?: string }
    const user_id = params.user_id === undefined ? undefined : parseId(String(params.user_id))
    const { exchange } = request
    let caller
    exchange.begin()
    try {
      caller = await authenticate(lookup, request.headers.authorization, user_id, request.id, exchange)
    } finally {
      exchange.rest()
    }
    request.caller = caller
    if (limits !== undefined) limits.ofKey(caller.key_prefix, reply)
    lastUsed.note(caller.enterprise.id, caller.api_key.id)
    requireScope(readOnlyKey, caller.api_key, params.api_key_id)
    requireMayCall(whoMayCall, caller.user, user_id)
    if (params.user_id === undefined) return
    if (user_id === undefined) throw noSuchUser()
    params.user_id = user_id
    if (params.api_key_id !== undefined && !CANONICAL_UUID.test(params.api_key_id)) throw noSuchKey()
  }
}
