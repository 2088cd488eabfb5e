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

/** Kysely calls a database corrupt that has a migration of a newer release. */
const UNKNOWN_APPLIED = /^corrupted migrations: previously executed migration \S+ is missing$/

/**
 * Brings the schema to this release. Two at once are safe: one works, the other waits for it.
 *
 * @returns the names of the migrations that were applied; none on a newer schema that this release still serves on
 * @throws what the failing migration threw; the database is then as it was
 * @throws {OperatorError} when the schema is newer than this release serves on
 */
export async function migrate(db: Kysely<Database>): Promise<string[]> {
  const { error, results = [] } = await new Migrator({ db, provider }).migrateToLatest()
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
  const { rows: tables } = await sql<{ there: boolean }>`
    select to_regclass('kysely_migration') is not null as there`.execute(db)
  if (tables[0]?.there !== true) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map((row) => row.name)
}

/**
 * Compares the schema of the database with this release's.
 *
 * @returns a warning when the schema is newer by what one release may add
 * @throws {OperatorError} when the schema is older, or newer than that
 */
export async function checkSchema(db: Kysely<Database>): Promise<string | undefined> {
  const applied = await appliedMigrations(db)
  const known = Object.keys(await provider.getMigrations())
  const missing = known.filter((name) => !applied.includes(name))
  const newer = applied.filter((name) => !known.includes(name))
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
