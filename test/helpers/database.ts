import { randomBytes } from 'node:crypto'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Test } from 'tap'
import { type Config, loadConfig } from '../../src/config.js'
import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import type { Database } from '../../src/db/schema.js'

const server = process.env.TEST_DATABASE_URL
if (server === undefined) throw new Error('set TEST_DATABASE_URL to a Postgres server, or run the tests with "make test"')
const serverUrl: string = server

/** Runs one statement on the server's own database. */
async function onServer(statement: string): Promise<void> {
  const admin = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: serverUrl, max: 1 }) }),
  })
  await sql.raw(statement).execute(admin)
  await admin.destroy()
}

/** Makes an empty database of its own for this test file; it is dropped at the end. Returns its URL. */
export async function emptyDatabase(t: Test): Promise<string> {
  const name = `roster_test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name}`)
  t.teardown(() => onServer(`drop database ${name} with (force)`))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Settings for tests: cheap hashes, no log. */
export function testConfig(databaseUrl: string, env: Record<string, string> = {}): Config {
  return loadConfig({
    DATABASE_URL: databaseUrl,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ROSTER_ARGON2_MEMORY_KIB: '8',
    ROSTER_ARGON2_PASSES: '1',
    ...env,
  }).config
}

/** Makes a migrated database of its own for this test file, and opens it; both are gone at the end. */
export async function freshDatabase(t: Test): Promise<{ url: string; db: Kysely<Database> }> {
  const url = await emptyDatabase(t)
  const db = openDatabase(testConfig(url))
  t.teardown(() => db.destroy())
  await migrate(db)
  return { url, db }
}
