import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { type ClientOptions, RosterClient, RosterError } from '../../src/client/index.js'

/** One answer of a scripted server: what it sends, or what it does to the connection. */
export type ScriptedAnswer =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | ((response: ServerResponse) => void)

/** A request as the scripted server got it. */
export interface Received {
  readonly request: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** When it came, in milliseconds. */
  readonly at: number
}

/** A client, the requests that its server got, and the server's URL. */
export interface Scripted {
  readonly roster: RosterClient
  readonly received: Received[]
  readonly url: string
}

/** The key of scripted clients. */
export const scriptedKey = 'rst_1_SECRET_0000000'

/** An Error body of Roster with this status. */
export const refusal = (status: number, headers: Record<string, string> = {}): ScriptedAnswer => ({
  status,
  headers,
  body: { errors: ['Try again.'], message: 'Not now.', status, code: 'unavailable', request_id: 'r-1' },
})

/** Cuts the connection. */
export const hangUp: ScriptedAnswer = (response) => response.destroy()

/** Never answers. */
export const silence: ScriptedAnswer = () => undefined

/** A server that gives these answers in turn, the last of them for ever, and a client of it that waits but shortly. */
export async function scripted(
  t: Test,
  answers: readonly ScriptedAnswer[],
  options: Partial<ClientOptions> = {},
): Promise<Scripted> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const answer = answers[Math.min(received.length, answers.length - 1)]!
      const { method = '', url = '', headers } = request
      received.push({ request: `${method} ${url}`, headers, body, at: performance.now() })
      if (typeof answer === 'function') {
        answer(response)
        return
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const roster = new RosterClient({ baseUrl: `${url}/api`, key: scriptedKey, backoffMs: 2, ...options })
  return { roster, received, url }
}

/** The RosterError that a call fails with. */
export async function failure(call: Promise<unknown>): Promise<RosterError> {
  const fault = await call.then(
    () => new Error('the call did not fail'),
    (fault: unknown) => fault,
  )
  if (fault instanceof RosterError) return fault
  throw new Error('the call did not fail with a RosterError', { cause: fault })
}
