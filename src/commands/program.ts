import { Command } from 'commander'
import type { Kysely } from 'kysely'
import { type Config, type Environment, loadConfig } from '../config.js'
import { openDatabase } from '../db/database.js'
import { type EnterpriseRow, findEnterprise } from '../db/enterprises.js'
import { checkSchema, migrate } from '../db/migrate.js'
import type { Database } from '../db/schema.js'
import { OperatorError } from '../errors.js'

/** What a command may touch of its process. */
export interface Terminal {
  readonly env: Environment
  /** The result, on stdout. */
  readonly out: (text: string) => void
  /** Everything else, on stderr. */
  readonly note: (text: string) => void
}

/** A command (`roster NOUN VERB`) that reads or writes the directory. */
export type Work<T> = (db: Kysely<Database>, config: Config) => Promise<T>

/** Reads the settings and says the warnings. @throws {OperatorError} with exit code 78 */
export function configOf({ env, note }: Terminal): Config {
  const { config, warnings, unknown } = loadConfig(env)
  for (const warning of [...warnings, ...unknown]) note(`roster: warning: ${warning}`)
  return config
}

async function warnOfNewerSchema(db: Kysely<Database>, { note }: Terminal): Promise<void> {
  const newer = await checkSchema(db)
  if (newer !== undefined) note(`roster: warning: ${newer}`)
}

async function withStore<T>(terminal: Terminal, work: Work<T>): Promise<T> {
  const config = configOf(terminal)
  const db = openDatabase(config)
  try {
    return await work(db, config)
  } finally {
    await db.destroy()
  }
}

/**
 * Runs `work` on the database of the settings, and closes it. An embedded one is migrated first, as `serve` does.
 *
 * @throws {OperatorError} with exit code 78 when the settings are bad; when the schema is not this release's
 */
export function withDatabase<T>(terminal: Terminal, work: Work<T>): Promise<T> {
  return withStore(terminal, async (db, config) => {
    if (config.store.engine === 'embedded') await migrate(db)
    await warnOfNewerSchema(db, terminal)
    return work(db, config)
  })
}

/** Brings the schema of the database of the settings to this release. @returns the names of the migrations that were applied */
export function migrateDatabase(terminal: Terminal): Promise<string[]> {
  return withStore(terminal, async (db) => {
    const applied = await migrate(db)
    await warnOfNewerSchema(db, terminal)
    return applied
  })
}

const PATIENT = { ROSTER_STATEMENT_MS: '3600000', ROSTER_LOCK_MS: '3600000' }

/** A terminal for long work, as a migration or a walk through a table: it must not run into the limits that a server needs. */
export function patient(terminal: Terminal): Terminal {
  return { ...terminal, env: { ...terminal.env, ...PATIENT } }
}

/** The enterprise of this name. @throws {OperatorError} when there is none */
export async function requireEnterprise(db: Kysely<Database>, name: string): Promise<EnterpriseRow> {
  const enterprise = await findEnterprise(db, name)
  if (enterprise === undefined) throw new OperatorError(`there is no enterprise ${name}`)
  return enterprise
}

/** One row of a result: JSON values, or dates. */
export type Row = Readonly<Record<string, string | number | boolean | Date | null>>

/** Prints one result: a JSON object on one line, or `name  value` lines for people. */
export function printOne({ out }: Terminal, json: boolean, row: Row): void {
  if (json) {
    out(JSON.stringify(row))
    return
  }
  const width = Math.max(...Object.keys(row).map((name) => name.length))
  for (const [name, value] of Object.entries(row)) out(`${name.padEnd(width)}  ${cell(value)}`)
}

/** Prints many results: one JSON array on one line, or a table for people. */
export function printMany({ out }: Terminal, json: boolean, columns: readonly string[], rows: readonly Row[]): void {
  if (json) {
    out(JSON.stringify(rows))
    return
  }
  const heads = Object.fromEntries(columns.map((column) => [column, column]))
  const padded = columns.map((column) => {
    const cells = [heads, ...rows].map((row) => cell(row[column] ?? null))
    const width = Math.max(...cells.map((text) => text.length))
    return cells.map((text) => text.padEnd(width))
  })
  for (const line of [heads, ...rows].keys()) out(padded.map((cells) => cells[line]).join('  ').trimEnd())
}

function cell(value: Row[string]): string {
  if (value === null) return '-'
  return value instanceof Date ? value.toISOString() : String(value)
}

/** A new command that writes to the terminal and whose failures are thrown instead of ending the process. */
export function command({ out, note }: Terminal, name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => note(text.trimEnd()) })
}
