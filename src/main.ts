import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type { Registry } from 'prom-client'
import { makePasswords } from './auth/passwords.js'
import type { Config, Store } from './config.js'
import { openDatabase } from './db/database.js'
import { listEnterprises } from './db/enterprises.js'
import { usersOf } from './db/users.js'
import { checkSchema, migrate } from './db/migrate.js'
import type { Database } from './db/schema.js'
import { OperatorError } from './errors.js'
import type { LogBase } from './http/log.js'
import { localUrl } from './http/url.js'
import { type OpsListener, openOps } from './ops/listener.js'
import { addCounter, makeMetrics } from './ops/metrics.js'
import { databaseReadiness, type Readiness } from './ops/readiness.js'
import type { Tracing } from './ops/tracing.js'
import { createEnterprise } from './users/enterprise.js'

/** The exit code of a stop that had to cut requests off. */
const FAILED = 1

/** The exit code of a second signal, which does not wait for requests in flight. */
export const INTERRUPTED = 130

/** The signals that stop a server. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Calls `stop` on the first stop signal, and `again` on each later one. Replaces the handlers of the start. */
export function onStopSignals(stop: (signal: NodeJS.Signals) => void, again: () => void): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) again()
    else stop(signal)
    stopping = true
  }
  for (const signal of STOP_SIGNALS) {
    const before = process.listeners(signal)
    process.on(signal, onSignal)
    // Removed last: with no listener at all, Node would drop a pending signal.
    for (const listener of before) process.off(signal, listener)
  }
}

/** The shortest drain, in milliseconds: busy clients need this time to close their connections. */
const LEAST_DRAIN_MS = 200

/** How long a stop keeps answering, in milliseconds, so that balancers notice it and busy clients close their connections. */
export function drainTime({ drainMs }: Config): number {
  return Math.max(drainMs, LEAST_DRAIN_MS)
}

/** A server, and what stops it. */
export interface Server {
  readonly app: FastifyInstance
  readonly metrics: Registry
  /**
   * During the drain each answer closes its connection: otherwise, the stop would reset connections in use. After that,
   * no new connections, requests in flight finish, the database is closed. What is not finished within `shutdownMs` is cut
   * off, and the process fails; what it wrote without an answer is rolled back.
   */
  readonly stop: (why: object) => Promise<void>
}

/** A database, and the traces of what is done with it, where they are asked for. */
export interface Ground {
  readonly db: Kysely<Database>
  readonly tracing: Tracing | undefined
}

/** Opens the database of the settings. OpenTelemetry is loaded only where its settings ask for traces. */
export async function openGround(config: Config): Promise<Ground> {
  const tracing = config.traces && (await import('./ops/tracing.js')).startTracing(config.traces)
  return { db: openDatabase(config, tracing?.onStatement), tracing }
}

/**
 * How much what has lived for a while may grow until it is collected again. Left to itself V8 lets it become four times as much
 * on a large machine, which takes 60 MB more for pages at 256 connections (docs/performance.md).
 */
const HEAP_GROWTH = '--heap-growing-percent=100'

/** Builds a server on a database, which is closed with it. It does not listen yet. */
export async function buildServer(config: Config, { db, tracing }: Ground, logBase: LogBase): Promise<Server> {
  setFlagsFromString(HEAP_GROWTH)
  // Loaded here, for the primary process of --workers needs none of it.
  const { buildApp } = await import('./app.js')
  const passwords = makePasswords(config)
  const app = await buildApp(config, { db, passwords: tracing?.traced(passwords) ?? passwords, logBase })
  tracing?.traceRequests(app)
  const metrics = makeMetrics(app, db, passwords)
  if (tracing !== undefined) {
    const { dropped } = tracing
    addCounter(metrics, 'roster_spans_dropped_total', 'Spans that could not be exported, or found the queue full.', () => [[{}, dropped()]])
  }
  let stopping = false
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) reply.header('Connection', 'close')
    done()
  })
  const stop = async (why: object): Promise<void> => {
    stopping = true
    await delay(drainTime(config))
    app.log.info(why, 'stopping')
    const bound = setTimeout(() => {
      app.log.error('requests in flight did not finish in time')
      process.exit(FAILED)
    }, config.shutdownMs)
    await app.close()
    await db.destroy()
    clearTimeout(bound)
    const isExporting = await tracing?.stop()
    app.log.info('stopped')
    // OpenTelemetry can't cancel an export: its retries would keep the process alive for up to half a minute.
    if (isExporting === true) process.exit()
  }
  return { app, metrics, stop }
}

/** The remedy for an address that can't be listened on, by the code of the error. */
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port: stop it, or set PORT to a free one',
  EACCES: 'this user may not listen on this port: set PORT to one from 1024',
  EADDRNOTAVAIL: 'this machine does not have this address: set HOST to one that it has, or to 0.0.0.0 for all',
  ENOTFOUND: 'this host name does not resolve: set HOST to an address of this machine',
  EAI_AGAIN: 'the DNS lookup of this host name failed: set HOST to an address of this machine',
}

/** Where the directory is kept, for people. */
export function whereIs(store: Store): string {
  if (store.engine === 'embedded') {
    return (
      `Roster keeps the directory in ${store.folder} (embedded Postgres). It survives a kill of the process, but not ` +
      'every power loss: set DATABASE_URL for data that must last.'
    )
  }
  const { host, pathname } = new URL(store.url)
  return `Roster keeps the directory in the Postgres database ${host}${pathname}.`
}

/**
 * Makes the enterprise `demo` in an empty store and prints its key, once; never through the logger. For a store with an
 * enterprise, prints how to make a new key.
 *
 * @param url the base URL of the server
 */
async function makeDemo(db: Kysely<Database>, url: string, note: (text: string) => void): Promise<void> {
  const [enterprise] = await listEnterprises(db)
  if (enterprise !== undefined) {
    // The first user is the admin that the enterprise was made with, unless it was deleted.
    const { rows } = await usersOf(db, enterprise.id).page({ limit: 1, offset: 0 })
    for (const { username } of rows) {
      const user = `'${username.replaceAll("'", "'\\''")}'`
      note(`
A lost key can't be shown again. Stop the server, and make a new one with

  npx --no-install roster key create --enterprise ${enterprise.name} --user ${user}
`)
    }
    return
  }
  const { api_key } = await createEnterprise(db, 'demo', { username: 'admin', email: '' })
  note(`
Made the enterprise "demo" with the admin "admin". Its key is shown this once:

  ${api_key}

Try it:

  curl -H 'Authorization: Bearer ${api_key}' ${url}/api/user_info/
`)
}

/** Whether a server should get requests: it listens, is not about to stop, and its database is there. */
export function serverReadiness(database: Readiness, draining: AbortSignal, listens: () => boolean): Readiness {
  return async () => {
    if (draining.aborted) return 'the server is about to stop'
    return listens() ? database() : 'the server does not listen yet'
  }
}

/** Listens on HOST and PORT. @throws {OperatorError} when that fails */
export async function listen(app: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    throw new OperatorError(`can't listen on ${host}:${String(port)} (${code}): ${LISTEN_ADVICE[code] ?? 'set HOST and PORT'}`)
  }
}

/**
 * Runs the server until a signal stops it. An embedded store is migrated first; a Postgres server must have been.
 *
 * @param note what an operator is told on stderr: where the directory is kept, the key of the demo, and the URL of the reference
 * @throws {OperatorError} when the schema of the database is not this release's, or the store is in use
 */
export async function serve(config: Config, note: (text: string) => void): Promise<void> {
  const embedded = config.store.engine === 'embedded'
  const ground = await openGround(config)
  const { db, tracing } = ground
  let server: Server | undefined
  let ops: OpsListener | undefined
  try {
    if (embedded) await migrate(db)
    const newer = await checkSchema(db)
    server = await buildServer(config, ground, null)
    const { app, metrics, stop } = server
    note(whereIs(config.store))
    if (newer !== undefined) app.log.warn(newer)
    const draining = new AbortController()
    const ready = serverReadiness(databaseReadiness(db), draining.signal, () => app.server.listening)
    ops = await openOps(config, { ready, metrics: () => metrics.metrics() }, app.log)
    await listen(app, config)
    onStopSignals(
      (signal) => {
        draining.abort()
        void stop({ signal }).then(() => ops?.close())
      },
      () => process.exit(INTERRUPTED),
    )
    const url = localUrl(app.server.address() as AddressInfo)
    if (embedded && !config.production) await makeDemo(db, url, note)
    note(`The reference of the API, in a browser: ${config.publicUrl ?? url}/docs`)
  } catch (error) {
    await Promise.allSettled([ops?.close(), server?.app.close(), tracing?.stop()])
    await db.destroy()
    throw error
  }
}
