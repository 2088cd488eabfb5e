import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/

/** The id of a request: the client's `X-Request-Id` if it is well-formed (CONTRACT.md, "Objects"), else a new UUID. */
export function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const sent = headers['x-request-id']
  return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID()
}

/**
 * What every answer carries, whatever it is. All of them hold data of people or speak of them, so no cache may keep any; and
 * a browser shall make nothing of one but data (OWASP's REST Security Cheat Sheet). `Cross-Origin-Resource-Policy` is about
 * what a page embeds: the origins of `cors.ts` may read answers all the same.
 */
// In the case that Fastify keeps names in: to change it costs as much as to set the header.
const FIXED = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Two years, in seconds: what browsers ask for. */
const HSTS = 'max-age=63072000'

/** The headers that every answer carries. */
export function headersOfEveryAnswer({ id }: Pick<FastifyRequest, 'id'>): Record<string, string> {
  return { 'X-Request-Id': id, ...FIXED }
}

/**
 * Gives every answer its headers.
 *
 * @param publicUrl where it is https, browsers are told to use nothing else (RFC 6797)
 */
export function sendHeaders(app: FastifyInstance, publicUrl: string | undefined): void {
  const fixed = publicUrl?.startsWith('https:') === true ? { ...FIXED, 'strict-transport-security': HSTS } : FIXED
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(fixed).header('x-request-id', request.id)
    done()
  })
}
