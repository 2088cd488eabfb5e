import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, type Transaction } from 'kysely'
import pg from 'pg'
import type { Config } from '../config.js'
import { openEmbedded } from './embedded.js'
import { isConflict } from './failures.js'
import type { Database } from './schema.js'

// The contract bounds every int8 of the schema by 2^53-1, so none loses digits as a number.
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
}

/** What opening a database needs to know. */
export type DatabaseConfig = Pick<Config, 'store' | 'poolSize' | 'prepare' | 'connectMs' | 'statementMs' | 'lockMs'>

const ignore = (): void => undefined

function openServer(url: string, config: DatabaseConfig): PostgresPool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'roster',
    max: config.poolSize,
    connectionTimeoutMillis: config.connectMs,
    statement_timeout: config.statementMs,
    lock_timeout: config.lockMs,
    idle_in_transaction_session_timeout: config.statementMs,
    // Pages of large enterprises look dear to the planner; compiling them takes a hundred times longer than running them.
    options: '-c jit=off',
    types,
  })
  // Without these listeners a connection that breaks ends the process. An idle one is replaced by the pool; one that is
  // checked out fails the statement it runs. So there is nothing else to do.
  pool.on('error', ignore)
  pool.on('connect', (client) => client.on('error', ignore))
  return config.prepare ? preparing(pool) : pool
}

/** Statements that a connection keeps prepared. There are fewer; but an update can write many sets of columns. */
const PREPARED = 200

/** A pool whose statements are prepared where they are first used: planning one takes longer than running it. */
function preparing(pool: pg.Pool): PostgresPool {
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    if (!names.has(text) && names.size < PREPARED) names.set(text, `roster_${String(names.size)}`)
    return names.get(text)
  }
  return {
    connect: async () => {
      const client = await pool.connect()
      return {
        query: ((text: string, values: unknown[]) =>
          client.query(values.length === 0 ? text : { name: nameOf(text), text, values })) as unknown as PostgresPoolClient['query'],
        release: () => {
          client.release()
        },
      }
    },
    end: () => pool.end(),
  }
}

/** Opens the store: a pool of connections to a server, or the embedded Postgres. It opens on first use; `destroy()` closes it. */
export function openDatabase(config: DatabaseConfig): Kysely<Database> {
  const { store, connectMs } = config
  const pool = async (): Promise<PostgresPool> =>
    store.engine === 'embedded' ? openEmbedded(store.folder, connectMs) : openServer(store.url, config)
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
}

/**
 * Runs `work` in one transaction, again from its beginning when Postgres gave it up for a deadlock or a serialization
 * failure. `work` must have no effect outside the database.
 *
 * @param attempts how often it is tried at most
 */
export async function inTransaction<T>(
  db: Kysely<Database>,
  work: (trx: Transaction<Database>) => Promise<T>,
  attempts = 3,
): Promise<T> {
  try {
    return await db.transaction().execute(work)
  } catch (error) {
    if (attempts === 1 || !isConflict(error)) throw error
    return inTransaction(db, work, attempts - 1)
  }
}
