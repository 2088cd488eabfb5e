import pg from 'pg'
import type { Kysely } from 'kysely'
import type { Database } from '../../src/db/schema.js'
import { constant, fromDatabase } from './check.js'
import type { Cleanups } from './cleanups.js'
import { type Dataset, fill, openForFilling } from './fill.js'
import { makeDatabase } from './postgres.js'
import { type Server, startRoster, startYardstick, type Yardstick } from './servers.js'

/** A database that is filled, and the servers on it. */
export interface Stage {
  readonly dataset: Dataset
  /** The database, for those who start a server of their own. */
  readonly url: string
  /** For looking answers up. */
  readonly pool: pg.Pool
  readonly db: Kysely<Database>
  readonly servers: Readonly<Record<Yardstick | 'roster', Server>>
}

/**
 * Makes a database on a server of Postgres, fills it, and starts Roster and the yardsticks on it.
 *
 * @param users how many the big enterprise has
 */
export async function prepare(postgres: string, users: number, cleanups: Cleanups): Promise<Stage> {
  const { url, drop } = await makeDatabase(postgres)
  cleanups.add(drop)
  const db = openForFilling({ DATABASE_URL: url })
  cleanups.add(() => db.destroy())
  const dataset = await fill(db, users)
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  // An idle connection that breaks would end the process; a statement that misses it fails by itself.
  pool.on('error', () => undefined)
  cleanups.add(() => pool.end())
  const [caller, expect] = [dataset.big.callers[0]!, fromDatabase(pool)]
  const added = <T extends Server>(server: T): T => {
    cleanups.add(server.stop)
    return server
  }
  const servers = {
    roster: added(await startRoster({ DATABASE_URL: url }, caller, expect)),
    bare: added(await startYardstick('bare', url, caller, expect)),
    'bare-joined': added(await startYardstick('bare-joined', url, caller, expect)),
    hello: added(await startYardstick('hello', url, caller, constant)),
  }
  return { dataset, url, pool, db, servers }
}
