import type { Command } from 'commander'
import { loadConfig } from '../config.js'
import { OperatorError } from '../errors.js'
import { command, printMany, type Terminal } from './program.js'

/** `roster config`: every setting in force and where it comes from. With `--check`, only whether all are right. */
export function configCommand(terminal: Terminal): Command {
  return command(terminal, 'config', 'print every setting, its value (secrets masked) and where it comes from')
    .option('--check', 'print nothing; exit with 78 for a wrong setting or an unknown ROSTER_… name', false)
    .option('--json', 'print one JSON array', false)
    .action(({ check, json }: { check: boolean; json: boolean }) => {
      const { effective, warnings, unknown } = loadConfig(terminal.env)
      for (const warning of check ? warnings : [...warnings, ...unknown]) terminal.note(`roster: warning: ${warning}`)
      if (check && unknown.length > 0) throw new OperatorError(`bad configuration: ${unknown.join('; ')}`, 78)
      if (check) return
      printMany(terminal, json, ['name', 'value', 'source'], effective.map((setting) => ({ ...setting })))
    })
}
