import { CommanderError } from 'commander'
import { spec } from '../contract.js'
import { toOperatorError } from '../db/refusals.js'
import { auditCommand } from './audit.js'
import { clientCommand } from './client.js'
import { configCommand } from './config.js'
import { enterpriseCommand } from './enterprise.js'
import { keyCommand } from './key.js'
import { command, type Terminal } from './program.js'
import { exportStoreCommand, migrateCommand, verifyCommand } from './schema.js'
import { serveCommand } from './serve.js'
import { userCommand } from './user.js'

const DONE = 0
const USAGE = 2

/**
 * Runs one command line.
 *
 * @param args the arguments, without `node` and the script
 * @returns the exit code: 0 done, 1 failed, 2 usage, 69 database unreachable, 74 the embedded store is damaged or its
 * disk full (the process also: stdout takes no result), 75 try again, 78 bad configuration
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const roster = command(terminal, 'roster', 'user management behind a contract')
    .version(spec.info.version)
    .addCommand(serveCommand(terminal))
    .addCommand(migrateCommand(terminal))
    .addCommand(verifyCommand(terminal))
    .addCommand(exportStoreCommand(terminal))
    .addCommand(enterpriseCommand(terminal))
    .addCommand(userCommand(terminal))
    .addCommand(keyCommand(terminal))
    .addCommand(clientCommand(terminal))
    .addCommand(auditCommand(terminal))
    .addCommand(configCommand(terminal))
  try {
    await roster.parseAsync(args, { from: 'user' })
    return DONE
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : USAGE
    const { message, exitCode } = toOperatorError(error)
    terminal.note(`roster: ${message}`)
    return exitCode
  }
}
