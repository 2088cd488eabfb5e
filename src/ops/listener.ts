import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Config } from '../config.js'
import { spec } from '../contract.js'
import { OperatorError } from '../errors.js'
import type { Readiness } from './readiness.js'

/** What the listener tells. */
export interface Probes {
  readonly ready: Readiness
  /** The metrics in Prometheus's text format. */
  readonly metrics: () => Promise<string>
}

/** The operations listener. */
export interface OpsListener {
  readonly port: number
  readonly close: () => Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Connections at a time: those who look are few. */
const CONNECTIONS = 100

/** How long one may take to send a request, in milliseconds. */
const REQUEST_MS = 5000

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', text: `${JSON.stringify(body)}\n` }
}

async function readyz({ ready }: Probes): Promise<Answer> {
  const why = await ready()
  return why === undefined ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', why })
}

const paths: Readonly<Record<string, (probes: Probes) => Answer | Promise<Answer>>> = {
  // The process, never the database: who restarts a server for a database that is away makes it worse.
  '/livez': () => json(200, { status: 'live' }),
  '/readyz': readyz,
  '/metrics': async ({ metrics }) => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: await metrics() }),
  '/version': () => json(200, { version: spec.info.version, node: process.version }),
}

async function answerTo(method: string, path: string, probes: Probes): Promise<Answer> {
  const tell = Object.hasOwn(paths, path) ? paths[path] : undefined
  if (tell === undefined) return json(404, { status: 'not found' })
  return method === 'GET' || method === 'HEAD' ? tell(probes) : json(405, { status: 'method not allowed' })
}

function send(response: ServerResponse, { status, type, text }: Answer): void {
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store', ...(status === 405 ? { Allow: 'GET, HEAD' } : {}) }
  response.writeHead(status, headers).end(text)
}

/**
 * Tells operators, on an address of their own, how the server is: `/livez`, `/readyz`, `/metrics`, `/version`.
 *
 * @throws {OperatorError} when the address can't be listened on
 */
export async function listenOps({ host, port }: NonNullable<Config['ops']>, probes: Probes): Promise<OpsListener> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, ({ method = '', url = '' }, response) => {
    const [path = ''] = url.split('?', 1)
    void answerTo(method, path, probes).then((answer) => {
      send(response, answer)
    })
  })
  server.maxConnections = CONNECTIONS
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new OperatorError(`can't listen for operations on ${host}:${String(port)} (${code}): set ROSTER_OPS_HOST and ROSTER_OPS_PORT`)
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done()
        })
        server.closeAllConnections()
      }),
  }
}

/**
 * The same as the settings say: none where there is to be none. Where the port is the default and taken, and this is not
 * production, the server goes on without: many servers of one machine would else need a setting each.
 *
 * @throws {OperatorError} when the address was set, or this is production, and it can't be listened on
 */
export async function openOps(
  { ops }: Pick<Config, 'ops'>,
  probes: Probes,
  log: { readonly info: (text: string) => void; readonly warn: (text: string) => void },
): Promise<OpsListener | undefined> {
  if (ops === undefined) return undefined
  try {
    const listener = await listenOps(ops, probes)
    log.info(`Operations listening at http://${ops.host}:${String(listener.port)}`)
    return listener
  } catch (error) {
    if (ops.isMeant) throw error
    log.warn((error as Error).message)
    return undefined
  }
}
