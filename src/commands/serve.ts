import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { type Config, loadConfig } from '../config.js'
import { OperatorError } from '../errors.js'
import { command, configOf, type Terminal } from './program.js'

const MOST_WORKERS = 64

const ONE_PER_CORE = 0

function parseWorkers(text: string): number {
  const workers = Number(text)
  if (/^\d{1,2}$/.test(text) && workers <= MOST_WORKERS) return workers
  throw new InvalidArgumentError(`It must be an integer from 0 to ${String(MOST_WORKERS)}.`)
}

function requireServer({ store }: Config, workers: number): void {
  if (store.engine === 'postgres') return
  throw new OperatorError(
    `the embedded Postgres serves one process, not --workers ${String(workers)}: set DATABASE_URL to the URL of a ` +
      'Postgres server, or leave --workers out',
    78,
  )
}

async function serveBy(workers: number, terminal: Terminal): Promise<void> {
  // Loaded here, for the other commands start in half the time without the server.
  if (workers === 1) return (await import('../main.js')).serve(configOf(terminal), terminal.note)
  const { serveAsWorker, serveWorkers } = await import('../workers.js')
  // What is wrong with the settings the primary has told.
  if (cluster.worker !== undefined) return serveAsWorker(loadConfig(terminal.env).config, cluster.worker)
  const config = configOf(terminal)
  requireServer(config, workers)
  const count = workers === ONE_PER_CORE ? Math.min(availableParallelism(), MOST_WORKERS) : workers
  return serveWorkers(config, count, terminal.note)
}

/** `roster serve`. */
export function serveCommand(terminal: Terminal): Command {
  return command(terminal, 'serve', 'answer the API until SIGTERM, SIGINT or SIGHUP')
    .option(
      '--workers <n>',
      'processes that share the port, on a Postgres server; 0: one per core. Each has ROSTER_POOL_SIZE connections',
      parseWorkers,
      1,
    )
    .action(({ workers }: { workers: number }) => serveBy(workers, terminal))
}
