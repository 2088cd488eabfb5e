import type { Command } from 'commander'
import { exportStore } from '../db/export.js'
import { type Faults, findFaults, repair } from '../db/verify.js'
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

function printFaults(terminal: Terminal, json: boolean, { counts, sequences }: Faults): void {
  const rows = [...counts, ...sequences].map((row) => ({ ...row }))
  if (json) {
    printMany(terminal, json, [], rows)
    return
  }
  if (rows.length === 0) terminal.out('all counts are right, and so is the sequence of ids')
  if (counts.length > 0) printMany(terminal, json, ['enterprise', 'level', 'block', 'stored', 'actual'], rows.slice(0, counts.length))
  if (sequences.length > 0) printMany(terminal, json, ['sequence', 'next', 'given'], rows.slice(counts.length))
}

/** `roster verify`: fails when a stored count of users is not the number of users, or ids would be given again. */
export function verifyCommand(terminal: Terminal): Command {
  return command(terminal, 'verify', 'compare the stored counts of users with the users, and the sequence of ids with the ids that were given')
    .option('--repair', 'mend what is wrong; servers may go on meanwhile', false)
    .option('--json', 'print one JSON array of the wrong counts and sequences', false)
    .action(async ({ repair: mends, json }: { repair: boolean; json: boolean }) => {
      const faults = await withDatabase(patient(terminal), mends ? repair : findFaults)
      printFaults(terminal, json, faults)
      const wrong = [
        ...(faults.counts.length > 0 ? [`${String(faults.counts.length)} counts`] : []),
        ...(faults.sequences.length > 0 ? [`${String(faults.sequences.length)} sequences`] : []),
      ].join(' and ')
      if (wrong === '') return
      if (mends) terminal.note(`roster: ${wrong} were wrong, and are mended`)
      else throw new OperatorError(`${wrong} are wrong: "roster verify --repair" mends them`)
    })
}

/** `roster export-store`. */
export function exportStoreCommand(terminal: Terminal): Command {
  return command(terminal, 'export-store', 'print the whole directory as a script for psql, which fills an empty one; it holds hashes of passwords')
    .action(() => withDatabase(patient(terminal), (db) => exportStore(db, terminal.out)))
}
