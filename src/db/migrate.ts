import { promises as fs } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { FileMigrationProvider, type Kysely, Migrator, sql } from 'kysely'
import { OperatorError } from '../errors.js'
import type { Database } from './schema.js'

const provider = new FileMigrationProvider({
  fs,
  path,
  migrationFolder: fileURLToPath(new URL('../../migrations', import.meta.url)),
})

/** The current schema: the first one of `search_path` that exists. Other schemas may hold tables of other applications. */
interface InForce {
  readonly schema: string
  /** Whether it has a table of migrations. */
  readonly migrated: boolean
}

/** @throws {OperatorError} with exit code 78 where the database can't hold a directory as it is */
async function requireUsable(db: Kysely<Database>): Promise<InForce> {
  const { rows } = await sql<{ schema: string | null; migrated: boolean; encoding: string; replication: string; name: string }>`
    select current_schema() as schema, current_database() as name,
      to_regclass(quote_ident(current_schema()) || '.kysely_migration') is not null as migrated,
      current_setting('server_encoding') as encoding, current_setting('session_replication_role') as replication`.execute(db)
  const [{ schema, migrated, encoding, replication, name }] = rows as [(typeof rows)[number]]
  if (encoding !== 'UTF8') {
    throw new OperatorError(
      `the database ${name} has the encoding ${encoding}, which can't store every name: make one with "create database … encoding 'UTF8' ` +
        `template template0", and name it in DATABASE_URL`,
      78,
    )
  }
  if (replication === 'replica') {
    throw new OperatorError(
      `session_replication_role is "replica", so foreign keys are not checked: set it to "origin" for the database ${name} and its role`,
      78,
    )
  }
  if (schema === null) {
    throw new OperatorError(
      `the database ${name} has no schema of search_path that the role may use: "create schema …", "grant usage on schema …", or correct search_path`,
      78,
    )
  }
  return { schema, migrated }
}

/** Kysely's error for a database with a migration of a newer release, which is valid here. */
const UNKNOWN_APPLIED = /^corrupted migrations: previously executed migration \S+ is missing$/

/**
 * Brings the schema to this release. Two at once are safe: one works, the other waits for it.
 *
 * @returns the names of the migrations that were applied; none on a newer schema that this release still serves on
 * @throws what the failing migration threw; the database is then as it was
 * @throws {OperatorError} when the schema is newer than this release serves on, or the database can't hold a directory
 */
export async function migrate(db: Kysely<Database>): Promise<string[]> {
  const { schema } = await requireUsable(db)
  const { error, results = [] } = await new Migrator({ db, provider, migrationTableSchema: schema }).migrateToLatest()
  if (error instanceof Error && UNKNOWN_APPLIED.test(error.message)) {
    await checkSchema(db)
    return []
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- Kysely hands over what the migration threw
  if (error !== undefined) throw error
  return results.map((result) => result.migrationName)
}

/** How many migrations newer than its own a server still serves on: those of one release. */
const NEWER_SERVED = 1

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map((row) => row.name)
}

/**
 * Compares the schema of the database with this release's.
 *
 * @returns a warning when the schema is newer by what one release may add
 * @throws {OperatorError} when the schema is older, or newer than that, or the database can't hold a directory
 */
export async function checkSchema(db: Kysely<Database>): Promise<string | undefined> {
  const { schema, migrated } = await requireUsable(db)
  const applied = migrated ? await appliedMigrations(db) : []
  const known = Object.keys(await provider.getMigrations())
  const missing = known.filter((name) => !applied.includes(name))
  const newer = applied.filter((name) => !known.includes(name))
  if (missing.length === known.length && newer.length > 0) {
    throw new OperatorError(
      `the schema ${schema} of the database has the migrations of another application (${newer.slice(0, 3).join(', ')}): "create schema …" ` +
        'for Roster, and name it in DATABASE_URL ("?options=-c search_path=…")',
      78,
    )
  }
  if (missing.length > 0 && newer.length > 0) {
    throw new OperatorError(
      `the database has migrations of another release (${newer.join(', ')}) and lacks some of this one ` +
        `(${missing.join(', ')}): use the release that migrated it`,
    )
  }
  if (missing.length > 0) {
    throw new OperatorError(`the database lacks migrations (${missing.join(', ')}): run "roster migrate" first`)
  }
  if (newer.length > NEWER_SERVED) {
    throw new OperatorError(`the database is newer than this server (${newer.join(', ')}): update the server`)
  }
  return newer.length > 0 ? `the database is newer than this server (${newer.join(', ')})` : undefined
}
