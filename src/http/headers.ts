import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/

/** The id of a request: the client's `X-Request-Id` if it is well-formed (CONTRACT.md, "Objects"), else a new UUID. */
export function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const sent = headers['x-request-id']
  return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID()
}

/** The headers that every answer carries. All of them hold data of people or speak of them, so no cache may keep any. */
export function headersOfEveryAnswer({ id }: Pick<FastifyRequest, 'id'>): Record<string, string> {
  return { 'X-Request-Id': id, 'Cache-Control': 'no-store' }
}

/** Gives every answer its headers. */
export function sendHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersOfEveryAnswer(request))
    done()
  })
}
