import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import type { Config } from '../config.js'
import { overloaded } from '../overload.js'
import { isReadOnly, NoConnection } from './failures.js'

// The contract bounds every int8 of the schema by 2^53-1, so none loses digits as a number.
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
}

/** What a pool of connections to a server needs to know. */
export type ServerConfig = Pick<
  Config,
  'poolSize' | 'databaseQueue' | 'prepare' | 'sessionLimits' | 'connectMs' | 'statementMs' | 'lockMs'
>

const ignore = (): void => undefined

/**
 * Settings of each session, which override those of the server, the database and the role. Poolers may drop them, so no answer
 * may depend on them: they only save time and retries.
 */
const PINNED = [
  // The planner overestimates pages of large enterprises: compiling one takes a hundred times longer than running it.
  'jit=off',
  // `times.ts` reads times in UTC without making dates of them.
  'TimeZone=UTC',
  'DateStyle=ISO',
  'array_nulls=on',
  'bytea_output=hex',
  'transform_null_equals=off',
  // With it on, a unique violation would end the connection.
  'exit_on_error=off',
  'default_transaction_isolation=read\\ committed',
  'default_transaction_deferrable=off',
]

/** The options that start a session. The last value of a setting wins, so the options of the URL come first. */
function sessionOf(url: string, { statementMs, lockMs }: ServerConfig): pg.PoolConfig {
  const parsed = new URL(url)
  const options = [...parsed.searchParams.getAll('options').slice(-1), ...PINNED.map((setting) => `-c ${setting}`)].join(' ')
  parsed.searchParams.set('options', options)
  return {
    connectionString: parsed.href,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: statementMs,
  }
}

/** Statements that a connection keeps prepared. There are fewer; but an update can write many sets of columns. */
const PREPARED = 200

/** Names for statements, so that each is prepared where it is first used: planning one takes longer than running it. */
function statementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return (text) => {
    if (!names.has(text) && names.size < PREPARED) names.set(text, `roster_${String(names.size)}`)
    return names.get(text)
  }
}

/** How long an answer may be on its way after the server's own limit of a statement, in milliseconds. */
const GRACE_MS = 1000

/** How often it is looked for connections that do not answer: so many times in what they may take. */
const LOOKS = 10

/** A connection that is in use. */
class Session implements PostgresPoolClient {
  /** When the last statement was sent. */
  since = performance.now()
  #fault: Error | undefined

  constructor(
    readonly client: pg.PoolClient,
    readonly nameOf: (text: string) => string | undefined,
    readonly taken: Set<Session>,
  ) {
    taken.add(this)
  }

  query = ((text: string, values: unknown[]): Promise<PostgresQueryResult<unknown>> => {
    this.since = performance.now()
    const config = values.length === 0 ? { text } : { name: this.nameOf(text), text, values }
    return new Promise((done, failed) => {
      this.client.query(config as pg.QueryConfig, (error: Error | null, result) => {
        if (error === null) {
          done(result as never)
          return
        }
        // It may be that the server was the primary once: a new connection goes to the one that is it now.
        if (isReadOnly(error)) this.#fault = error
        failed(error)
      })
    })
  }) as PostgresPoolClient['query']

  release = (destroy = false): void => {
    this.#give(this.#fault ?? destroy)
  }

  /** Ends the connection; the statement under way fails. Nothing else helps when the other side is silent. */
  cut(): void {
    this.#give(new Error('the database does not answer'))
  }

  #give(fault: Error | boolean): void {
    if (this.taken.delete(this)) this.client.release(fault)
  }
}

/** The connections of a pool. */
export interface PoolCounts {
  readonly most: number
  readonly used: number
  readonly idle: number
  /** Who waits for one. */
  readonly waiting: number
}

/** A pool that tells how many connections it has. */
export interface CountedPool extends PostgresPool {
  readonly counts: () => PoolCounts
}

/**
 * A pool of connections to a Postgres server. A connection on which nothing moved for the limit of a statement, and a second
 * more, is ended, so that neither a server that was stopped in its tracks nor a dead network keeps it.
 */
export function openServer(url: string, config: ServerConfig): CountedPool {
  const { poolSize, databaseQueue, connectMs, statementMs, prepare, sessionLimits } = config
  const pool = new pg.Pool({
    application_name: 'roster',
    max: poolSize,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    ...(sessionLimits ? sessionOf(url, config) : { connectionString: url }),
    types,
  })
  // Without these listeners a connection that breaks ends the process. An idle one is replaced by the pool; one that is
  // checked out fails the statement it runs. So there is nothing else to do.
  pool.on('error', ignore)
  pool.on('connect', (client) => client.on('error', ignore))

  const taken = new Set<Session>()
  const most = statementMs + GRACE_MS
  const looking = setInterval(() => {
    const oldest = performance.now() - most
    for (const session of taken) if (session.since < oldest) session.cut()
  }, most / LOOKS).unref()

  const nameOf = prepare ? statementNames() : () => undefined
  return {
    counts: () => {
      const { totalCount, idleCount: idle, waitingCount: waiting } = pool
      return { most: poolSize, used: totalCount - idle, idle, waiting }
    },
    connect: async () => {
      if (pool.totalCount >= poolSize && pool.idleCount === 0 && pool.waitingCount >= databaseQueue) {
        throw overloaded('database')
      }
      try {
        return new Session(await pool.connect(), nameOf, taken)
      } catch (error) {
        throw new NoConnection(error as Error)
      }
    },
    end: () => {
      clearInterval(looking)
      return pool.end()
    },
  }
}
