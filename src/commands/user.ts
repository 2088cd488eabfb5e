import type { Command } from 'commander'
import type { Kysely } from 'kysely'
import type { Database } from '../db/schema.js'
import { type UserRow, usersOf } from '../db/users.js'
import { setSuperuser } from '../users/superuser.js'
import { verifyEmail } from '../users/verified.js'
import { command, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

/** Users that `user list` reads at a time. */
const PAGE = 1000

async function listUsers(db: Kysely<Database>, enterpriseName: string): Promise<UserRow[]> {
  const users = usersOf(db, (await requireEnterprise(db, enterpriseName)).id)
  const all: UserRow[] = []
  for (;;) {
    const { rows } = await users.page({ limit: PAGE, offset: all.length })
    all.push(...rows)
    if (rows.length < PAGE) return all
  }
}

const COLUMNS = ['id', 'username', 'email', 'is_email_verified', 'role', 'is_active', 'is_superuser'] as const

function shown({ id, username, email, is_email_verified, role, is_active, is_superuser }: UserRow) {
  return { id, username, email, is_email_verified, role, is_active, is_superuser }
}

/** `roster user list|promote|demote|verify`. */
export function userCommand(terminal: Terminal): Command {
  interface Options {
    readonly enterprise: string
    readonly json: boolean
  }
  const verb = (name: string, description: string) =>
    command(terminal, name, description)
      .requiredOption('--enterprise <name>', 'the enterprise of the user')
      .option('--json', 'print JSON', false)
  const change = (name: string, description: string, is_superuser: boolean) =>
    verb(name, description)
      .argument('<username>', 'the name of the user')
      .action(async (username: string, { enterprise, json }: Options) => {
        const row = await withDatabase(terminal, async (db) =>
          setSuperuser(db, await requireEnterprise(db, enterprise), username, is_superuser),
        )
        printOne(terminal, json, shown(row))
      })
  return command(terminal, 'user', 'the users of an enterprise')
    .addCommand(
      verb('list', 'list the users').action(async ({ enterprise, json }: Options) => {
        const rows = await withDatabase(terminal, (db) => listUsers(db, enterprise))
        printMany(terminal, json, COLUMNS, rows.map(shown))
      }),
    )
    .addCommand(change('promote', 'make a user a superuser, an owner of the enterprise', true))
    .addCommand(change('demote', 'take that from a user; the last active superuser stays one', false))
    .addCommand(
      verb('verify', 'say that the address of a user is verified: it signs in with it as with its name')
        .argument('<username>', 'the name of the user')
        .action(async (username: string, { enterprise, json }: Options) => {
          const row = await withDatabase(terminal, async (db) =>
            verifyEmail(db, await requireEnterprise(db, enterprise), username),
          )
          printOne(terminal, json, shown(row))
        }),
    )
}
