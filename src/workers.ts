import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from './config.js'
import { openDatabase } from './db/database.js'
import { checkSchema } from './db/migrate.js'
import type { Database } from './db/schema.js'
import { OperatorError } from './errors.js'
import { linesOf, makeLogger } from './http/log.js'
import { buildServer, drainTime, INTERRUPTED, listen, onStopSignals, openGround, serverReadiness, STOP_SIGNALS, whereIs } from './main.js'
import { Gathering, tellMetrics } from './ops/gather.js'
import { openOps } from './ops/listener.js'
import { addCounter, addGauge, countDroppedLines } from './ops/metrics.js'
import { databaseReadiness } from './ops/readiness.js'

/** How long the place of a worker that died stays empty, in milliseconds: at first, and at most. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** A worker that lived this long, in milliseconds, did not fail at its start. */
const STEADY_MS = 30_000

/** How long a worker may outlast its own bound of a stop, in milliseconds, before it is killed. */
const GRACE_MS = 1000

const ignore = (): void => undefined

/**
 * How long the place of a worker stays empty: twice as long each time, so that one that dies at its start again and again
 * leaves the processor to the others.
 */
export function pauseAfter(lastPauseMs: number, livedMs: number): number {
  if (livedMs >= STEADY_MS) return FIRST_PAUSE_MS
  return Math.min(Math.max(FIRST_PAUSE_MS, lastPauseMs * 2), LONGEST_PAUSE_MS)
}

/** What the primary process keeps of its workers. */
interface Workers {
  readonly running: Set<Worker>
  /** Aborted when a stop begins: workers that end after that are not replaced. */
  readonly stopping: AbortSignal
  readonly log: Logger
  readonly gathering: Gathering
  /** Workers that listen, and how many were started in the place of one that had ended. */
  readonly count: { listening: number; replaced: number }
}

interface Started {
  readonly worker: Worker
  readonly since: number
  readonly ended: Promise<void>
}

async function endOf(worker: Worker): Promise<void> {
  // One that could not be started has no id, and its end is never told.
  if (worker.process.pid !== undefined) await new Promise((resolve) => worker.once('exit', resolve))
}

function start({ running, gathering, count }: Workers): Started {
  const worker = cluster.fork()
  gathering.watch(worker)
  worker.once('listening', () => {
    count.listening++
    worker.once('exit', () => count.listening--)
  })
  // To hand a connection to one that has just died is an error. What follows from it, the end, is waited for.
  worker.on('error', ignore)
  running.add(worker)
  const ended = endOf(worker).then(() => void running.delete(worker))
  return { worker, since: performance.now(), ended }
}

/** Whether a worker's end left requests unanswered. A stop signal ends only a worker that does not listen yet, without requests. */
function wasCutOff({ process: { exitCode, signalCode } }: Worker): boolean {
  return exitCode !== 0 && !STOP_SIGNALS.some((signal) => signal === signalCode)
}

/**
 * Keeps a place taken until the stop: when its worker ends, another one is started.
 *
 * @returns whether the last worker was cut off by the stop
 */
async function keep(first: Started, workers: Workers): Promise<boolean> {
  const { stopping, log } = workers
  let pauseMs = 0
  for (let one = first; ; one = start(workers)) {
    await one.ended
    if (stopping.aborted) return wasCutOff(one.worker)
    pauseMs = pauseAfter(pauseMs, performance.now() - one.since)
    const { pid, exitCode, signalCode } = one.worker.process
    const end = { worker: pid, exit_code: exitCode, signal: signalCode, pause_ms: pauseMs }
    log.error(end, 'a worker ended and is replaced')
    const paused = await delay(pauseMs, true, { signal: stopping }).catch(() => false)
    if (!paused) return false
    workers.count.replaced++
  }
}

/**
 * Runs workers that share one port until a signal stops them: each finishes its requests in flight. A worker that ends
 * before that is replaced. The store must be a Postgres server.
 *
 * @param note what an operator is told on stderr: where the directory is kept
 * @throws {OperatorError} when the schema of the database is not this release's, the first worker does not come to listen, or
 * the stop had to cut one off
 */
export async function serveWorkers(config: Config, count: number, note: (text: string) => void): Promise<void> {
  // The primary only looks whether the database is there.
  const db = openDatabase({ ...config, poolSize: 1 })
  try {
    await serveWorkersBeside(db, config, count, note)
  } finally {
    await db.destroy()
  }
}

function metricsOf(workers: Workers['count'], log: Logger): Registry {
  const own = new Registry()
  addGauge(own, 'roster_workers', 'Workers that listen.', () => [[{}, workers.listening]])
  addCounter(own, 'roster_workers_replaced_total', 'Workers that ended and were replaced.', () => [[{}, workers.replaced]])
  countDroppedLines(own, linesOf(log))
  return own
}

async function serveWorkersBeside(
  db: Kysely<Database>,
  config: Config,
  wanted: number,
  note: (text: string) => void,
): Promise<void> {
  const newer = await checkSchema(db)
  const log = makeLogger(config.logLevel, { pid: process.pid })
  const draining = new AbortController()
  const running = new Set<Worker>()
  const count = { listening: 0, replaced: 0 }
  const gathering = new Gathering(metricsOf(count, log))
  const workers = { running, stopping: draining.signal, log, gathering, count }
  const ready = serverReadiness(databaseReadiness(db), draining.signal, () => count.listening > 0)
  const ops = await openOps(config, { ready, metrics: gathering.metrics }, log)
  const cutOff = (): void => running.forEach((worker) => worker.process.kill('SIGKILL'))
  onStopSignals(
    (signal) => {
      log.info({ signal }, 'stopping')
      draining.abort()
      running.forEach((worker) => worker.process.kill(signal))
      setTimeout(cutOff, drainTime(config) + config.shutdownMs + GRACE_MS).unref()
    },
    () => {
      cutOff()
      process.exit(INTERRUPTED)
    },
  )
  note(whereIs(config.store))
  if (newer !== undefined) log.warn(newer)

  const cuts = await keepAll(wanted, workers).finally(() => ops?.close())
  log.info('stopped')
  if (cuts.includes(true)) throw new OperatorError('requests in flight were cut off')
}

/**
 * Keeps all places taken until the stop.
 *
 * @returns of each, whether its last worker was cut off
 * @throws {OperatorError} when the first worker does not come to listen
 */
async function keepAll(wanted: number, workers: Workers): Promise<boolean[]> {
  const { stopping } = workers
  // Alone, so that an address in use is told once, and ends the whole.
  const first = start(workers)
  const listens = await Promise.race([once(first.worker, 'listening').then(() => true), first.ended.then(() => false)])
  if (!listens && !stopping.aborted) throw new OperatorError('the first worker did not start')
  const others = stopping.aborted ? [] : Array.from({ length: wanted - 1 }, () => start(workers))
  return Promise.all([first, ...others].map((one) => keep(one, workers)))
}

/**
 * Runs one worker until a signal stops it, as the primary process sends it at a stop. When the primary is gone Node ends it.
 *
 * @throws {OperatorError} when it can't listen
 */
export async function serveAsWorker(config: Config, worker: Worker): Promise<void> {
  const ground = await openGround(config)
  try {
    const { app, metrics, stop } = await buildServer(config, ground, { pid: process.pid })
    tellMetrics(metrics)
    await listen(app, config)
    // A terminal and systemd signal the workers too, so a worker ignores a second signal: the primary kills its workers at that.
    onStopSignals((signal) => void stop({ signal }).then(() => worker.disconnect()), ignore)
  } catch (error) {
    await ground.tracing?.stop()
    await ground.db.destroy()
    worker.disconnect()
    throw error
  }
}
