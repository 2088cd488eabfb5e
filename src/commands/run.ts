import { CommanderError } from 'commander'
import { spec } from '../contract.js'
import { isDatabaseError } from '../db/failures.js'
import { OperatorError } from '../errors.js'
import { serve } from '../main.js'
import { clientCommand } from './client.js'
import { configCommand } from './config.js'
import { enterpriseCommand } from './enterprise.js'
import { keyCommand } from './key.js'
import { command, configOf, type Terminal } from './program.js'
import { migrateCommand, verifyCommand } from './schema.js'
import { userCommand } from './user.js'

const DONE = 0
const FAILED = 1
const USAGE = 2

function messageOf(error: unknown): string {
  if (isDatabaseError(error)) return `the database refused: SQLSTATE ${error.code}`
  return error instanceof Error ? error.message : String(error)
}

/**
 * Runs one command line.
 *
 * @param args the arguments, without `node` and the script
 * @returns the exit code: 0 done, 1 failed, 2 usage, 69 database unreachable, 75 try again, 78 bad configuration
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const roster = command(terminal, 'roster', 'user management behind a contract')
    .version(spec.info.version)
    .addCommand(
      command(terminal, 'serve', 'answer the API until SIGTERM or SIGINT').action(() => serve(configOf(terminal), terminal.note)),
    )
    .addCommand(migrateCommand(terminal))
    .addCommand(verifyCommand(terminal))
    .addCommand(enterpriseCommand(terminal))
    .addCommand(userCommand(terminal))
    .addCommand(keyCommand(terminal))
    .addCommand(clientCommand(terminal))
    .addCommand(configCommand(terminal))
  try {
    await roster.parseAsync(args, { from: 'user' })
    return DONE
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : USAGE
    terminal.note(`roster: ${messageOf(error)}`)
    return error instanceof OperatorError ? error.exitCode : FAILED
  }
}
