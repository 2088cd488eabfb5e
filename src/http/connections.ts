import { randomUUID } from 'node:crypto'
import { type IncomingMessage, maxHeaderSize, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Config } from '../config.js'
import { headersOfEveryAnswer } from './headers.js'
import { errorBody } from './problems.js'

type ClientErrorHandler = NonNullable<FastifyServerOptions['clientErrorHandler']>

/** Errors of senders that were too slow or went away: they are cut off without an answer (CONTRACT.md, "Objects"). */
const CUT_OFF: ReadonlySet<string> = new Set(['ERR_HTTP_REQUEST_TIMEOUT', 'ECONNRESET', 'EPIPE'])

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Where a connection has its exchanges. A map of connections would cost the garbage collector more than the exchanges do. */
const OPEN = Symbol('open exchanges')

interface Connection extends Duplex {
  [OPEN]?: Exchange[] | undefined
}

/** The exchanges of a connection that are open: the list itself, from the oldest to the newest. */
function openOn(socket: Connection): Exchange[] {
  const exchanges = (socket[OPEN] ??= [])
  let open = 0
  for (const exchange of exchanges) {
    if (!exchange.request.complete || !exchange.response.writableFinished) exchanges[open++] = exchange
  }
  exchanges.length = open
  return exchanges
}

type Turn = 'now' | 'after the answers before' | 'never'

/** When bytes sent would be the answer to the malformed request, and to no other one of the connection. */
function turnToAnswer(socket: Duplex): Turn {
  const open = openOn(socket)
  const newest = open.at(-1)
  if (!socket.writable || newest?.response.headersSent === true) return 'never'
  if (newest === undefined) return 'now'
  // What is malformed is the body of the newest request, or what comes behind it.
  if (newest.request.complete) return 'after the answers before'
  return open.length === 1 ? 'now' : 'never'
}

function answer(socket: Duplex, fault: string): void {
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

/** Answers what is not HTTP with 400 and the Error body, where HTTP allows it, and closes the connection. */
export const refuseMalformedHttp: ClientErrorHandler = ({ code }, socket) => {
  const turn = CUT_OFF.has(code) ? 'never' : turnToAnswer(socket)
  if (turn === 'never') {
    socket.destroy()
    return
  }
  const fault =
    code === 'HPE_HEADER_OVERFLOW'
      ? `headers: must have at most ${String(maxHeaderSize)} bytes`
      : 'The request is not well-formed HTTP.'
  if (turn === 'now') answer(socket, fault)
  else openOn(socket).at(-1)?.response.once('close', () => answer(socket, fault))
}

/** Keeps note of the exchanges of each connection, for `refuseMalformedHttp`. */
export function watchExchanges({ server }: FastifyInstance): void {
  server.on('request', (request, response) => {
    openOn(request.socket).push({ request, response })
  })
}

/**
 * Takes an `Expect` header that Node does not know as if it were not there (RFC 9110, section 10.1.1, lets a server ignore
 * it): by itself Node answers 417 without a body, which no operation declares.
 */
export function ignoreUnknownExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** How Node cuts off slow senders. It looks once a second; its default is thirty. */
export function slowSenders({ headersMs, requestMs }: Pick<Config, 'headersMs' | 'requestMs'>) {
  return {
    // `url.ts` answers what Node would refuse without a body.
    requireHostHeader: false,
    requestTimeout: requestMs,
    headersTimeout: Math.min(headersMs, requestMs),
    connectionsCheckingInterval: 1000,
  }
}
