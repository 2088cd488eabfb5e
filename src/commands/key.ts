import type { Command } from 'commander'
import { createKey, revokeKey } from '../auth/made-keys.js'
import { keysOf } from '../db/keys.js'
import { command, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

const COLUMNS = ['prefix', 'username', 'user_id', 'created_on', 'expires_on', 'revoked_on', 'last_used_on'] as const

/** `roster key create|list|revoke`. */
export function keyCommand(terminal: Terminal): Command {
  const verb = (name: string, description: string) =>
    command(terminal, name, description)
      .requiredOption('--enterprise <name>', 'the enterprise of the user')
      .option('--json', 'print JSON', false)
  const noun = command(terminal, 'key', 'the keys of users')
  noun
    .addCommand(
      verb('create', 'make a key for a user')
        .requiredOption('--user <username>', 'whose key it is')
        .action(async (options: { enterprise: string; user: string; json: boolean }) => {
          const made = await withDatabase(terminal, async (db) =>
            createKey(db, await requireEnterprise(db, options.enterprise), options.user),
          )
          printOne(terminal, options.json, made)
          if (!options.json) terminal.note('The key is shown this once: keep it now.')
        }),
    )
    .addCommand(
      verb('list', 'list the keys, never their secrets').action(async (options: { enterprise: string; json: boolean }) => {
        const rows = await withDatabase(terminal, async (db) => {
          const enterprise = await requireEnterprise(db, options.enterprise)
          return keysOf(db, enterprise.id).list()
        })
        printMany(terminal, options.json, COLUMNS, rows)
      }),
    )
    .addCommand(
      verb('revoke', 'revoke a key; it is refused from then on')
        .argument('<prefix>', 'the prefix of the key, as "roster key list" prints it')
        .action(async (prefix: string, options: { enterprise: string; json: boolean }) => {
          const revoked = await withDatabase(terminal, async (db) =>
            revokeKey(db, await requireEnterprise(db, options.enterprise), prefix),
          )
          printOne(terminal, options.json, { revoked })
        }),
    )
  return noun
}
