import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ErrorBody } from '../../src/http/problems.js'

/** What a server answered, and how long it took in milliseconds. */
export interface Asked {
  /** Undefined: the connection was cut, or nothing came for long. */
  readonly status: number | undefined
  readonly retryAfter: string | undefined
  readonly body: string
  readonly tookMs: number
}

/** How clients of one server ask it. */
export type Ask = (method: string, path: string, json?: unknown) => Promise<Asked>

/** Makes a client of a server, with one key, over connections that are kept. It never throws, and tries nothing again. */
export function asker(origin: string, key: string, giveUpMs = 20_000): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  return (method, path, json) =>
    new Promise((done) => {
      const since = performance.now()
      const end = (status?: number, retryAfter?: string, body = '') =>
        done({ status, retryAfter, body, tookMs: performance.now() - since })
      const payload = json === undefined ? '' : JSON.stringify(json)
      const headers = { authorization: key, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
      const answered = (answer: IncomingMessage) =>
        text(answer).then((body) => end(answer.statusCode, answer.headers['retry-after'], body), () => end())
      const sent = request(`${origin}/api${path}`, { method, agent, headers, timeout: giveUpMs }, (answer) => void answered(answer))
      sent.once('timeout', () => sent.destroy()).once('error', () => end())
      sent.end(payload)
    })
}

/** What is wrong with an answer that has to be 503 as the contract says it; empty when nothing is. */
export function faultsOf503({ status, retryAfter, body }: Asked): string[] {
  if (status !== 503) return [`status ${String(status)}: ${body}`]
  const error = JSON.parse(body) as ErrorBody
  return [
    /^[1-9]\d*$/.test(String(retryAfter)) ? '' : `Retry-After: ${String(retryAfter)}`,
    error.code === 'unavailable' && error.status === 503 && error.errors.length > 0 && error.request_id !== '' ? '' : `body: ${body}`,
  ].filter((fault) => fault !== '')
}
