import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import root, { type Test } from 'tap'
import { type Config, loadConfig } from '../../src/config.js'
import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import type { Database } from '../../src/db/schema.js'
import './measured.js'
import { copyStore } from './template.js'
import './validated-once.js'

const server = process.env.TEST_DATABASE_URL || undefined

/** The engine that the tests run on: the server that TEST_DATABASE_URL names, or else the embedded default. */
export const engine = server === undefined ? 'embedded' : 'postgres'

/** The store of a test file, as the settings name it. */
export type StoreSettings = { DATABASE_URL: string } | { ROSTER_DATA: string }

/** Runs one statement on the server's own database. */
async function onServer(statement: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: String(server), max: 1 })
  const admin = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  await sql.raw(statement).execute(admin)
  await admin.destroy()
}

/** Makes an empty database of its own on the server; it is dropped at the end. Returns its URL. For tests of the server. */
export async function emptyDatabase(t: Test): Promise<string> {
  const name = `roster_test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name}`)
  t.teardown(() => onServer(`drop database ${name} with (force)`))
  const url = new URL(String(server))
  url.pathname = `/${name}`
  return url.href
}

/** Makes an empty folder; it is gone at the end. */
export function emptyFolder(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'roster-test-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** A store without tables on each engine that this run has: always the embedded one, and the server where there is one. */
export async function emptyStores(t: Test): Promise<Record<string, StoreSettings>> {
  const folder = emptyFolder(t)
  await copyStore('without-tables', folder)
  return {
    embedded: { ROSTER_DATA: folder },
    ...(engine === 'postgres' ? { postgres: { DATABASE_URL: await emptyDatabase(t) } } : {}),
  }
}

/** Settings for tests: cheap hashes, no log. */
export function testConfig(store: StoreSettings, env: Record<string, string> = {}): Config {
  return loadConfig({ ...store, ...testSettings, ...env }).config
}

/** The settings of tests, beside the store's. */
export const testSettings = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  ROSTER_OPS_PORT: '',
  ROSTER_ARGON2_MEMORY_KIB: '8',
  ROSTER_ARGON2_PASSES: '1',
}

/** Makes a migrated store of its own for this test file, on the engine of this run; it is gone at the end. */
export async function freshStore(t: Test): Promise<StoreSettings> {
  if (engine === 'embedded') {
    const folder = emptyFolder(t)
    await copyStore('migrated', folder)
    return { ROSTER_DATA: folder }
  }
  const store = { DATABASE_URL: await emptyDatabase(t) }
  const db = openDatabase(testConfig(store))
  await migrate(db)
  await db.destroy()
  return store
}

/** Makes a store of its own for this test file, and opens it; both are gone at the end. */
export async function freshDatabase(t: Test): Promise<OpenStore> {
  const store = await freshStore(t)
  const db = openDatabase(testConfig(store))
  t.teardown(() => db.destroy())
  return { store, db }
}

/** A store that is open. */
export interface OpenStore {
  readonly store: StoreSettings
  readonly db: Kysely<Database>
}

/** The stores of this process that no test file has now. */
const idle: OpenStore[] = []

/** Removes all rows. Ids begin again at 1. */
async function empty(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ tablename: string }>`
    select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%'`.execute(db)
  const tables = rows.map(({ tablename }) => sql.table(tablename))
  await sql`truncate ${sql.join(tables)} restart identity`.execute(db)
}

/**
 * An open and empty store that no other test file has meanwhile. To open one takes longer than most files take to run, so the
 * files of a suite have the same one in turn: what a file changes but rows and `withBrokenTable` needs `freshDatabase`.
 */
export async function emptiedDatabase(t: Test): Promise<OpenStore> {
  let open = idle.pop()
  if (open === undefined) open = await freshDatabase(root)
  else await empty(open.db)
  const given = open
  t.teardown(() => idle.push(given))
  return open
}
