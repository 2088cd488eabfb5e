import { randomUUID } from 'node:crypto'
import { maxHeaderSize, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { headersOfEveryAnswer } from './headers.js'
import { errorBody } from './problems.js'

type ClientErrorHandler = NonNullable<FastifyServerOptions['clientErrorHandler']>

/** Errors of senders that were too slow or went away: they are cut off without an answer (CONTRACT.md, "Objects"). */
const CUT_OFF: ReadonlySet<string> = new Set(['ERR_HTTP_REQUEST_TIMEOUT', 'ECONNRESET', 'EPIPE'])

/** The answers of each connection that are not finished. */
const unfinished = new WeakMap<Duplex, Set<ServerResponse>>()

/** Behind bytes of an unfinished answer, a second one would be taken for a part of it. */
function mayAnswer(socket: Duplex): boolean {
  const [first, ...others] = unfinished.get(socket) ?? []
  return socket.writable && others.length === 0 && first?.headersSent !== true
}

/** Answers what is not HTTP with 400 and the Error body, where HTTP allows it, and closes the connection. */
export const refuseMalformedHttp: ClientErrorHandler = ({ code }, socket) => {
  if (CUT_OFF.has(code) || !mayAnswer(socket)) {
    socket.destroy()
    return
  }
  const fault =
    code === 'HPE_HEADER_OVERFLOW'
      ? `headers: must have at most ${String(maxHeaderSize)} bytes`
      : 'The request is not well-formed HTTP.'
  const id = randomUUID()
  const body = JSON.stringify(errorBody('malformed_request', [fault], id))
  const headers = {
    ...headersOfEveryAnswer({ id }),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`)
}

/** Keeps note of which answers are unfinished, for `refuseMalformedHttp`. */
export function watchAnswers({ server }: FastifyInstance): void {
  server.on('request', ({ socket }, response) => {
    const answers = unfinished.get(socket) ?? new Set()
    unfinished.set(socket, answers.add(response))
    response.once('close', () => answers.delete(response))
  })
}

/**
 * Takes an `Expect` header that Node does not know as if it were not there (RFC 9110, section 10.1.1, lets a server ignore
 * it): by itself Node answers 417 without a body, which no operation declares.
 */
export function ignoreUnknownExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}
