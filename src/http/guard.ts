import type { onRequestAsyncHookHandler } from 'fastify'
import { operations } from '../../generated/operations.js'
import { authenticate, type Caller } from '../auth/authenticate.js'
import type { Lookup } from '../db/lookups.js'
import type { OperationId } from '../handlers/seam.js'
import { noSuchUser, requireMayCall } from '../users/access.js'

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

function parseId(text: string): number | undefined {
  const id = Number(text)
  return CANONICAL_ID.test(text) && Number.isSafeInteger(id) ? id : undefined
}

/**
 * The hook that runs before an operation's body is read: who calls (401), whether role and path alone forbid it (403), and
 * whether the path names a user at all (404), in that order.
 *
 * Glue's own security handlers would run after the body was read and turn a lost database into a 401.
 */
export function guard(lookup: Lookup, operationId: OperationId): onRequestAsyncHookHandler {
  const { whoMayCall } = operations[operationId]
  return async (request) => {
    const params = request.params as { user_id?: string | number }
    const user_id = params.user_id === undefined ? undefined : parseId(String(params.user_id))
    const { exchange } = request
    exchange.begin()
    const caller = await authenticate(lookup, request.headers.authorization, user_id, request.id, exchange).finally(() => {
      exchange.rest()
    })
    request.caller = caller
    requireMayCall(whoMayCall, caller.user, user_id)
    if (params.user_id === undefined) return
    if (user_id === undefined) throw noSuchUser()
    params.user_id = user_id
  }
}
