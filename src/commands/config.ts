import type { Command } from 'commander'
import { loadConfig } from '../config.js'
import { command, configOf, printMany, type Terminal } from './program.js'

/** `roster config`: every setting in force and where it comes from. With `--check`, only whether all are right. */
export function configCommand(terminal: Terminal): Command {
  return command(terminal, 'config', 'print every setting, its value (secrets masked) and where it comes from')
    .option('--check', 'print nothing; exit with 78 when a setting is wrong', false)
    .option('--json', 'print one JSON array', false)
    .action(({ check, json }: { check: boolean; json: boolean }) => {
      configOf(terminal)
      if (check) return
      const { effective } = loadConfig(terminal.env)
      printMany(terminal, json, ['name', 'value', 'source'], effective.map((setting) => ({ ...setting })))
    })
}
