import { writeFileSync } from 'node:fs'
import path from 'node:path'
import autocannon from 'autocannon'
import { type Ask, headersOf, NUMBER, oneOf } from './asks.js'
import { inFolder } from './folders.js'
import { isThere, run } from './processes.js'

/** What one measurement has found. Times are in milliseconds. */
export interface Measurement {
  readonly requestsPerSecond: number
  readonly p50: number | undefined
  readonly p99: number | undefined
}

/** A measurement of requests, of which every one had a 2xx. */
export interface LoadMeasurement extends Measurement {
  readonly requests: number
}

/** Drives a server on 127.0.0.1; there is no way to name another machine. */
export type LoadGenerator = (
  port: number,
  load: { readonly connections: number; readonly seconds: number; readonly asks: readonly Ask[] },
) => Promise<LoadMeasurement>

/** No answer is late, however slow: latency says it. */
const TIMEOUT_SECONDS = 60

function requireAnswers(port: number, counts: { requests: number; not2xx: number; broken: number }): void {
  const { requests, not2xx, broken } = counts
  if (not2xx === 0 && broken === 0) return
  throw new Error(
    `port ${String(port)}: of ${String(requests)} answers ${String(not2xx)} were not 2xx; ` +
      `${String(broken)} requests had none`,
  )
}

function textOf(ask: Ask, port: number): string {
  const { method, path, body = '' } = ask
  const length = body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))]]
  const headers = [['Host', `127.0.0.1:${String(port)}`], ...Object.entries(headersOf(ask)), ...length]
  const lines = [`${method} ${path} HTTP/1.1`, ...headers.map((pair) => pair.join(': '))]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

interface WrkFigures {
  readonly requests: number
  readonly microseconds: number
  readonly p50: number
  readonly p99: number
  readonly not2xx: number
  readonly broken: number
}

const byWrk: LoadGenerator = (port, { connections, seconds, asks }) =>
  inFolder(async (folder) => {
    const file = path.join(folder, 'requests')
    writeFileSync(file, asks.map((ask) => textOf(ask, port)).join('\u0001'))
    const said = await run('wrk', [
      ...['--threads', '1', '--connections', String(connections), '--duration', `${String(seconds)}s`],
      ...['--timeout', `${String(TIMEOUT_SECONDS)}s`, '--script', path.resolve('test/bench/wrk.lua')],
      ...[`http://127.0.0.1:${String(port)}`, '--', file],
    ])
    const figures = JSON.parse(said.split('\n').find((line) => line.startsWith('{')) ?? said) as WrkFigures
    requireAnswers(port, figures)
    return {
      requests: figures.requests,
      requestsPerSecond: figures.requests / (figures.microseconds / 1e6),
      p50: figures.p50 / 1000,
      p99: figures.p99 / 1000,
    }
  })

/** Each connection goes through so many requests of its own. */
const OF_A_CONNECTION = 200

const byAutocannon: LoadGenerator = async (port, { connections, seconds, asks }) => {
  let number = 0
  const requestOf = (): autocannon.Request => {
    const ask = oneOf(asks)
    const { method, path, body } = ask
    if (body === undefined) return { method, path, headers: headersOf(ask) }
    const setupRequest = (request: autocannon.Request): autocannon.Request => {
      number += 1
      return { ...request, body: body.replaceAll(NUMBER, String(number).padStart(NUMBER.length, '0')) }
    }
    return { method, path, headers: headersOf(ask), setupRequest }
  }
  const result = await autocannon({
    url: `http://127.0.0.1:${String(port)}`,
    connections,
    duration: seconds,
    timeout: TIMEOUT_SECONDS,
    requests: Array.from({ length: OF_A_CONNECTION }, requestOf),
    setupClient: (client) => client.setRequests(Array.from({ length: OF_A_CONNECTION }, requestOf)),
  })
  const { errors, non2xx } = result
  const requests = result.requests.total
  // A connection that the server breaks is opened anew without an error. At the end, each waits for one answer.
  const unanswered = Math.max(0, result.requests.sent - requests - connections)
  requireAnswers(port, { requests, not2xx: non2xx, broken: errors + unanswered })
  return { requests, requestsPerSecond: requests / result.duration, p50: result.latency.p50, p99: result.latency.p99 }
}

/** The load generator of this machine: wrk, or autocannon where wrk is missing. */
export async function findGenerator(
  wanted: 'wrk' | 'autocannon' | undefined,
): Promise<{ readonly name: 'wrk' | 'autocannon'; readonly load: LoadGenerator }> {
  const name = wanted ?? ((await isThere('wrk')) ? 'wrk' : 'autocannon')
  return { name, load: name === 'wrk' ? byWrk : byAutocannon }
}
