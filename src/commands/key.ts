import { type Command, InvalidArgumentError } from 'commander'
import { KEY_DAYS } from '../auth/keys.js'
import { createKey, revokeKey } from '../auth/made-keys.js'
import { keysOf } from '../db/keys.js'
import { isName } from '../names.js'
import { command, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

const COLUMNS = [
  'prefix', 'username', 'user_id', 'name', 'kind', 'read_only', 'created_on', 'expires_on', 'revoked_on', 'last_used_on',
] as const

/** Characters that a key's name may have, as in the contract. */
const LONGEST_NAME = 100

function parseName(name: string): string {
  if (Array.from(name).length <= LONGEST_NAME && isName(name)) return name
  throw new InvalidArgumentError(
    `It must have at most ${String(LONGEST_NAME)} characters, no control or invisible characters, and at least one visible character.`,
  )
}

function parseDays(text: string): number {
  const days = Number(text)
  if (/^[1-9]\d{0,3}$/.test(text) && days <= KEY_DAYS) return days
  throw new InvalidArgumentError(`It must be an integer from 1 to ${String(KEY_DAYS)}.`)
}

interface CreateOptions {
  readonly enterprise: string
  readonly user: string
  readonly name: string
  readonly readOnly: boolean
  readonly expiresDays: number
  readonly json: boolean
}

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
        .option('--name <name>', 'what it is for', parseName, '')
        .option('--read-only', 'a key that may only read', false)
        .option('--expires-days <days>', 'how many days it works, from 1 to 1000', parseDays, KEY_DAYS)
        .action(async ({ enterprise, user, json, ...key }: CreateOptions) => {
          const wanted = { name: key.name, read_only: key.readOnly, expires_days: key.expiresDays }
          const made = await withDatabase(terminal, async (db) =>
            createKey(db, await requireEnterprise(db, enterprise), user, wanted),
          )
          printOne(terminal, json, made)
          if (!json) terminal.note('The key is shown this once: keep it now.')
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
