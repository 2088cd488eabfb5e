import { Kysely, PostgresDialect, type PostgresPool, type Transaction } from 'kysely'
import type { Config } from '../config.js'
import { type BoundedQueue, boundedQueue, requireWaiting, type Waiter } from '../overload.js'
import { openEmbedded } from './embedded.js'
import { isConflict } from './failures.js'
import type { Database } from './schema.js'
import { openServer, type ServerConfig } from './server.js'

/** What opening a database needs to know. */
export type DatabaseConfig = ServerConfig & Pick<Config, 'store'>

/** Connections that writes leave to reads, at most: half of the pool where it is small. */
const READERS = 3

/** The queue of the transactions of each database that is open. */
const writes = new WeakMap<Kysely<Database>, BoundedQueue>()

/** Transactions at a time, so that slow ones never hold all connections. */
function writersOf({ store, poolSize }: DatabaseConfig): number {
  return store.engine === 'embedded' ? 1 : poolSize - Math.min(READERS, Math.floor(poolSize / 2))
}

/** Opens the store: a pool of connections to a server, or the embedded Postgres. It opens on first use; `destroy()` closes it. */
export function openDatabase(config: DatabaseConfig): Kysely<Database> {
  const { store, connectMs, databaseQueue } = config
  const pool = async (): Promise<PostgresPool> =>
    store.engine === 'embedded' ? openEmbedded(store.folder, connectMs, databaseQueue) : openServer(store.url, config)
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  writes.set(db, boundedQueue(writersOf(config), databaseQueue, 'writes'))
  return db
}

/** How often a transaction is tried. */
const ATTEMPTS = 3

async function attempt<T>(db: Kysely<Database>, work: (trx: Transaction<Database>) => Promise<T>, attempts: number): Promise<T> {
  try {
    return await db.transaction().execute(work)
  } catch (error) {
    if (attempts === 1 || !isConflict(error)) throw error
    return attempt(db, work, attempts - 1)
  }
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
  const begin = (trx: Transaction<Database>): Promise<T> => {
    // It may have waited for a connection as well.
    requireWaiting(waiter)
    return work(trx)
  }
  const queue = writes.get(db) as BoundedQueue
  return queue(() => attempt(db, begin, ATTEMPTS), waiter)
}
