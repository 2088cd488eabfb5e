import type { FastifyInstance } from 'fastify'

/** What a listed origin's scripts may read of every answer, beside the few headers that any script may. */
const READABLE = {
  'Access-Control-Expose-Headers':
    'X-Request-Id, Link, ETag, Idempotency-Replayed, Retry-After, Allow, RateLimit-Policy, RateLimit, WWW-Authenticate',
}

/** What a listed origin's scripts may send, told to the browser that asks before it sends. */
const SENDABLE = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  // A page with OpenTelemetry adds the headers of W3C Trace Context and Baggage to every request, and fails without them.
  'Access-Control-Allow-Headers':
    'Authorization, Content-Type, X-Client-Id, X-Tenant, X-Request-Id, If-Match, Idempotency-Key, traceparent, tracestate, baggage',
  'Access-Control-Max-Age': '600',
}

/**
 * Lets scripts of other origins read the answers, and answers their browsers' preflights before anything else is looked at;
 * with no origins it does nothing. The key is in a header that a script sets itself, so no credentials of the browser are
 * ever allowed. Must be called after `sendHeaders`, and before `refuseUnknownPaths`, for which OPTIONS is a wrong method.
 *
 * `@fastify/cors` adds a route `OPTIONS *`, with which every path would have that method (405 is what the contract says).
 *
 * @param origins as browsers send them: scheme, host, and port where it is not the scheme's own
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  app.addHook('onRequest', (request, reply, done) => {
    // Also where the origin is not listed: a cache must not give one origin's answer to another.
    reply.header('Vary', 'Origin')
    const { origin = '', 'access-control-request-method': asked } = request.headers
    if (!origins.includes(origin)) {
      done()
      return
    }
    reply.headers({ 'Access-Control-Allow-Origin': origin, ...READABLE })
    if (request.method !== 'OPTIONS' || asked === undefined) {
      done()
      return
    }
    // A preflight is no call of an operation.
    request.operation_ids = []
    void reply.removeHeader('Access-Control-Expose-Headers').headers(SENDABLE).code(204).send()
  })
}
