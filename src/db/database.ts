import { Kysely, type LogEvent, PostgresDialect, type Transaction } from 'kysely'
import type { Config } from '../config.js'
import { type BoundedQueue, boundedQueue, requireWaiting, type Waiter } from '../overload.js'
import { openEmbedded } from './embedded.js'
import { isConflict } from './failures.js'
import type { Database } from './schema.js'
import { type CountedPool, openServer, type PoolCounts, type ServerConfig } from './server.js'

/** What opening a database needs to know. */
export type DatabaseConfig = ServerConfig & Pick<Config, 'store'>

/** Connections that writes leave to reads, at most: half of the pool where it is small. */
const READERS = 3

/** The queue of the transactions of each database that is open. */
const writes = new WeakMap<Kysely<Database>, BoundedQueue>()

/** What is told of each database that is open: of its pool, and to whom the time of its statements. */
interface Told {
  counts: () => PoolCounts
  onSeconds: (seconds: number) => void
}
const told = new WeakMap<Kysely<Database>, Told>()

/** The connections of a database, as `openDatabase` returned it. */
export function poolOf(db: Kysely<Database>): PoolCounts {
  return (told.get(db) as Told).counts()
}

/** Tells the duration of each statement of a database from now on. */
export function statementDurations(db: Kysely<Database>, onSeconds: (seconds: number) => void): void {
  (told.get(db) as Told).onSeconds = onSeconds
}

/** Transactions at a time, so that slow ones never hold all connections. */
function writersOf({ store, poolSize }: DatabaseConfig): number {
  return store.engine === 'embedded' ? 1 : poolSize - Math.min(READERS, Math.floor(poolSize / 2))
}

/**
 * Opens the store: a pool of connections to a server, or the embedded Postgres. It opens on first use; `destroy()` closes it.
 *
 * @param onStatement told of each statement
 */
export function openDatabase(config: DatabaseConfig, onStatement?: (event: LogEvent) => void): Kysely<Database> {
  const { store, connectMs, databaseQueue } = config
  const own: Told = { counts: () => ({ most: config.poolSize, used: 0, idle: 0, waiting: 0 }), onSeconds: () => undefined }
  const pool = async (): Promise<CountedPool> => {
    const opened =
      store.engine === 'embedded' ? await openEmbedded(store.folder, connectMs, databaseQueue) : openServer(store.url, config)
    own.counts = opened.counts
    return opened
  }
  const log = (event: LogEvent): void => {
    own.onSeconds(event.queryDurationMillis / 1000)
    onStatement?.(event)
  }
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), log })
  told.set(db, own)
  writes.set(db, boundedQueue(writersOf(config), databaseQueue, 'writes'))
  return db
}

/** How often a write is tried. */
const ATTEMPTS = 3

async function attempt<T>(work: (nth: number) => Promise<T>, nth = 1): Promise<T> {
  try {
    return await work(nth)
  } catch (error) {
    if (nth === ATTEMPTS || !isConflict(error)) throw error
    return attempt(work, nth + 1)
  }
}

// A database or role may have another default, under which concurrent writes fail with serialization errors.
const readCommitted = (db: Kysely<Database>) => db.transaction().setIsolationLevel('read committed')

function queued<Executor, T>(
  db: Kysely<Database>,
  execute: (begin: (executor: Executor) => Promise<T>, nth: number) => Promise<T>,
  work: (executor: Executor) => Promise<T>,
  waiter: Waiter | undefined,
): Promise<T> {
  const begin = (executor: Executor): Promise<T> => {
    // It may have waited for a connection as well.
    requireWaiting(waiter)
    return work(executor)
  }
  const queue = writes.get(db) as BoundedQueue
  return queue(() => attempt((nth) => execute(begin, nth)), waiter)
}

/**
 * Runs `work` in one transaction, again from its beginning, three times at most, when Postgres gave it up for a deadlock or a
 * serialization failure. `work` must have no effect outside the database.
 *
 * @param db as `openDatabase` returned it
 * @param waiter where nobody waits any more when it would begin, it does not; once begun it goes on to its end
 * @throws {Problem} `unavailable` when too many wait already, or nobody does
 */
export function inTransaction<T>(
  db: Kysely<Database>,
  work: (trx: Transaction<Database>) => Promise<T>,
  waiter?: Waiter,
): Promise<T> {
  return queued(db, (begin) => readCommitted(db).execute(begin), work, waiter)
}

// The first attempt saves the statements of a transaction. It has the isolation level of its session, which a pooler may have set.
const oneStatement = (db: Kysely<Database>, nth: number) => (nth === 1 ? db.connection() : readCommitted(db))

/** Runs `work`, which is one statement, and retries it as `read committed` after a conflict. It does not queue with other writes. */
export function againOnConflict<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  return attempt((nth) => oneStatement(db, nth).execute(work))
}

/** Runs `work`, which is one statement and so a transaction of its own, as `inTransaction` does. */
export function inStatement<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>, waiter?: Waiter): Promise<T> {
  return queued(db, (begin, nth) => oneStatement(db, nth).execute(begin), work, waiter)
}
