import type { Command } from 'commander'
import type { Kysely } from 'kysely'
import { makeKey } from '../auth/keys.js'
import { inTransaction } from '../db/database.js'
import { type EnterpriseRow, findEnterprise } from '../db/enterprises.js'
import { keysOf, keyWritesOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { usersOf, userWritesOf } from '../db/users.js'
import { OperatorError } from '../errors.js'
import { nameKey } from '../names.js'
import { command, printMany, printOne, type Terminal, withDatabase } from './program.js'

async function requireEnterprise(db: Kysely<Database>, name: string): Promise<EnterpriseRow> {
  const enterprise = await findEnterprise(db, name)
  if (enterprise === undefined) throw new OperatorError(`there is no enterprise ${name}`)
  return enterprise
}

/**
 * Makes a key for a user. The secret is shown here only.
 *
 * @throws {OperatorError} when there is no such enterprise or user
 */
export async function createKey(
  db: Kysely<Database>,
  enterpriseName: string,
  username: string,
): Promise<{ api_key: string; expires_on: Date }> {
  const enterprise = await requireEnterprise(db, enterpriseName)
  return inTransaction(db, async (trx) => {
    const user = await usersOf(trx, enterprise.id).match({ username_key: nameKey(username) })
    // Locked, so that a delete at the same moment is either before the key or takes it along.
    const locked = user && (await userWritesOf(trx, enterprise.id).lock([user.id])).get(user.id)
    if (locked === undefined) throw new OperatorError(`there is no user ${username} in ${enterpriseName}`)
    const { key, hash, prefix, expires_on } = makeKey(enterprise.id)
    await keyWritesOf(trx, enterprise.id).insert({ user_id: locked.id, hash, prefix, expires_on })
    return { api_key: key, expires_on }
  })
}

/**
 * Revokes a key by its display prefix, as `key list` prints it.
 *
 * @throws {OperatorError} when no key that is not revoked has this prefix
 */
export async function revokeKey(db: Kysely<Database>, enterpriseName: string, prefix: string): Promise<number> {
  const enterprise = await requireEnterprise(db, enterpriseName)
  const revoked = await inTransaction(db, (trx) => keyWritesOf(trx, enterprise.id).revoke(prefix))
  if (revoked === 0) throw new OperatorError(`no key of ${enterpriseName} has this prefix, or it is revoked already`)
  return revoked
}

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
          const made = await withDatabase(terminal, (db) => createKey(db, options.enterprise, options.user))
          printOne(terminal, options.json, made)
          terminal.note('The key is shown this once: keep it now.')
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
          const revoked = await withDatabase(terminal, (db) => revokeKey(db, options.enterprise, prefix))
          printOne(terminal, options.json, { revoked })
        }),
    )
  return noun
}
