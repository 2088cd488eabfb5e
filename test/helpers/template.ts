import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { loadConfig } from '../../src/config.js'
import { openDatabase } from '../../src/db/database.js'
import { openEmbedded } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrate.js'

const CACHE = path.resolve('.cache/stores')

/** All that the stores of the tests depend on: the migrations, and the engine with its version. */
function digest(): string {
  const migrations = readdirSync('migrations').sort().map((file) => path.join('migrations', file))
  const files = [...migrations, 'src/db/embedded.ts', 'src/db/migrate.ts', 'node_modules/@electric-sql/pglite/package.json']
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

async function makeStores(folder: string): Promise<void> {
  const withoutTables = path.join(folder, 'without-tables')
  const { connectMs } = loadConfig({ ROSTER_DATA: withoutTables }).config
  await (await openEmbedded(withoutTables, connectMs, 1)).end()
  const migrated = path.join(folder, 'migrated')
  cpSync(withoutTables, migrated, { recursive: true })
  const db = openDatabase(loadConfig({ ROSTER_DATA: migrated }).config)
  await migrate(db)
  await db.destroy()
}

/**
 * The folder with the embedded stores that tests copy: making them takes seconds, so they are made anew only when `digest`
 * changes. Of processes that make them at once, the first to finish wins.
 */
export async function stores(): Promise<string> {
  const folder = path.join(CACHE, digest())
  if (existsSync(folder)) return folder
  mkdirSync(CACHE, { recursive: true })
  const outdated = readdirSync(CACHE)
  const made = mkdtempSync(`${folder}-`)
  await makeStores(made)
  try {
    renameSync(made, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    rmSync(made, { recursive: true })
  }
  for (const old of outdated) if (!old.startsWith(path.basename(folder))) rmSync(path.join(CACHE, old), { recursive: true, force: true })
  return folder
}

/** Copies an embedded store into the folder: with all tables, or as the engine makes it. */
export async function copyStore(which: 'migrated' | 'without-tables', folder: string): Promise<void> {
  cpSync(path.join(await stores(), which), folder, { recursive: true })
}
