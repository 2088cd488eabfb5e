import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import { collectDefaultMetrics, type Metric, type MetricObject, Registry } from 'prom-client'
import type { Passwords } from '../auth/passwords.js'
import { spec } from '../contract.js'
import { poolOf, statementDurations } from '../db/database.js'
import { lookups } from '../db/lookups.js'
import type { Database } from '../db/schema.js'
import { undeclared } from '../http/exit-guard.js'
import type { Lines } from '../http/lines.js'
import { linesOf } from '../http/log.js'
import { shed } from '../overload.js'
import { Histogram, type Labels } from './histogram.js'
import { measureRequests } from './requests.js'

type Read = () => readonly (readonly [Labels, number])[]

function add(registry: Registry, metric: Pick<MetricObject, 'name' | 'help' | 'type'>, read: Read): void {
  const get = () => ({ ...metric, aggregator: 'sum', values: read().map(([labels, value]) => ({ labels, value })) })
  // A registry asks a metric for no more than these.
  registry.registerMetric({ name: metric.name, get } as unknown as Metric)
}

/** Adds a gauge that is read when it is asked for. */
export function addGauge(registry: Registry, name: string, help: string, read: Read): void {
  add(registry, { name, help, type: 'gauge' as never }, read)
}

/** Adds a counter that is counted elsewhere. */
export function addCounter(registry: Registry, name: string, help: string, read: Read): void {
  add(registry, { name, help, type: 'counter' as never }, read)
}

const one = (value: number): ReturnType<Read> => [[{}, value]]

function labelled(label: string, values: Iterable<readonly [string, number]>): ReturnType<Read> {
  return Array.from(values, ([name, value]) => [{ [label]: name }, value] as const)
}

/** Adds the count of the lines that the log has lost. */
export function countDroppedLines(registry: Registry, lines: Lines): void {
  addCounter(registry, 'roster_log_lines_dropped_total', 'Lines of the log that could not be written.', () => one(lines.dropped))
}

/** The metrics of a process that answers the API (`docs/monitoring.md` lists them). */
export function makeMetrics(app: FastifyInstance, db: Kysely<Database>, passwords: Passwords): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const { durations, refusals, signIns } = measureRequests(app)
  registry.registerMetric(durations as unknown as Metric)
  addGauge(registry, 'http_server_active_requests', 'Requests that are not answered yet.', () => one(app.inFlight.size))

  const statements = new Histogram('db_client_operation_duration_seconds', 'Time of statements, from their sending to their last row.')
  statementDurations(db, (seconds) => {
    statements.observe(seconds, '', () => ({ db_system_name: 'postgresql' }))
  })
  registry.registerMetric(statements as unknown as Metric)
  const pool = () => poolOf(db)
  addGauge(registry, 'db_client_connection_count', 'Connections to the database.', () =>
    labelled('state', [['used', pool().used], ['idle', pool().idle]]),
  )
  addGauge(registry, 'db_client_connection_max', 'Connections to the database, at most.', () => one(pool().most))
  addGauge(registry, 'db_client_connection_pending_requests', 'What waits for a connection.', () => one(pool().waiting))

  addCounter(registry, 'roster_lookups_total', 'Look-ups of a key with its user.', () => one(lookups.keys))
  addCounter(registry, 'roster_lookup_statements_total', 'Statements that the look-ups were sent in.', () => one(lookups.statements))
  addGauge(registry, 'roster_hashes', 'Password hashes that run, and that wait.', () => labelled('state', Object.entries(passwords.load())))
  addCounter(registry, 'roster_shed_total', 'Work that was refused or dropped, by what was full or late.', () =>
    labelled('reason', Object.entries(shed)),
  )
  addCounter(registry, 'roster_refusals_total', 'Answers with an Error body, by its code.', () => labelled('code', refusals))
  addCounter(registry, 'roster_sign_in_refusals_total', 'Refused sign-ins, by the reason.', () => labelled('reason', signIns))
  addCounter(registry, 'roster_undeclared_answers_total', 'Answers that were not as the contract says.', () => one(undeclared.answers))
  countDroppedLines(registry, linesOf(app.log))
  addGauge(registry, 'roster_build_info', 'Always 1 for a process.', () => [[{ version: spec.info.version }, 1]])
  return registry
}
