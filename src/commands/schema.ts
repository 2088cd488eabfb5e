import type { Command } from 'commander'
import { findMiscounts } from '../db/verify.js'
import { OperatorError } from '../errors.js'
import { command, migrateDatabase, patient, printMany, printOne, type Terminal, withDatabase } from './program.js'

/** `roster migrate`. */
export function migrateCommand(terminal: Terminal): Command {
  return command(terminal, 'migrate', 'bring the schema of the database to this release')
    .option('--json', 'print one JSON object', false)
    .action(async ({ json }: { json: boolean }) => {
      const applied = await migrateDatabase(patient(terminal))
      if (json) terminal.out(JSON.stringify({ applied }))
      else printOne(terminal, json, { applied: applied.length === 0 ? 'nothing: the schema is up to date' : applied.join(', ') })
    })
}

/** `roster verify`: fails when a stored count of users is not the number of users. */
export function verifyCommand(terminal: Terminal): Command {
  return command(terminal, 'verify', 'compare the stored counts of users with the users')
    .option('--json', 'print one JSON array of the wrong counts', false)
    .action(async ({ json }: { json: boolean }) => {
      const wrong = await withDatabase(patient(terminal), findMiscounts)
      if (json || wrong.length > 0) {
        printMany(terminal, json, ['enterprise', 'level', 'block', 'stored', 'actual'], wrong.map((row) => ({ ...row })))
      } else terminal.out('all counts are right')
      if (wrong.length > 0) throw new OperatorError(`${String(wrong.length)} counts are wrong`)
    })
}
