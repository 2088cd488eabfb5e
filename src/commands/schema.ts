import type { Command } from 'commander'
import { listEnterprises } from '../db/enterprises.js'
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
  if (rows.length === 0) terminal.out('all counts and the sequence of ids are right')
  if (counts.length > 0) printMany(terminal, json, ['enterprise', 'level', 'block', 'stored', 'actual'], rows.slice(0, counts.length))
  if (sequences.length > 0) printMany(terminal, json, ['sequence', 'next', 'given'], rows.slice(counts.length))
}

/** `roster verify`: fails when a stored count of users is wrong, or the sequence would assign an id again. */
export function verifyCommand(terminal: Terminal): Command {
  return command(terminal, 'verify', 'check the stored counts of users, and the sequence of their ids')
    .option('--repair', 'repair wrong counts and sequences; servers may run meanwhile', false)
    .option('--json', 'print one JSON array of the wrong counts and sequences', false)
    .action(async ({ repair: isRepair, json }: { repair: boolean; json: boolean }) => {
      const faults = await withDatabase(patient(terminal), isRepair ? repair : findFaults)
      printFaults(terminal, json, faults)
      const wrong = [
        ...(faults.counts.length > 0 ? [`counts: ${String(faults.counts.length)}`] : []),
        ...(faults.sequences.length > 0 ? [`sequences: ${String(faults.sequences.length)}`] : []),
      ].join(', ')
      if (wrong === '') return
      if (isRepair) terminal.note(`roster: repaired (${wrong})`)
      else throw new OperatorError(`the directory has faults (${wrong}): run "roster verify --repair"`)
    })
}

/** `roster export-store`. */
export function exportStoreCommand(terminal: Terminal): Command {
  return command(terminal, 'export-store', 'print the whole directory as a psql script to fill an empty database; it holds password hashes')
    .action(() =>
      withDatabase(patient(terminal), async (db) => {
        // From another folder the default store is a new one, and its script would pass for the directory.
        if ((await listEnterprises(db)).length === 0) {
          throw new OperatorError('the directory has no enterprise, so the script would be empty: name the folder of the store in ROSTER_DATA')
        }
        await exportStore(db, terminal.out)
      }),
    )
}
