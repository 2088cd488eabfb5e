import { randomInt, randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { Kysely } from 'kysely'
import type { components } from '../../generated/openapi.js'
import { makeKey } from '../auth/keys.js'
import { compile, faultTexts } from '../contract.js'
import { inTransaction } from '../db/database.js'
import { insertEnterprise, listEnterprises } from '../db/enterprises.js'
import { keyWritesOf } from '../db/keys.js'
import type { Database } from '../db/schema.js'
import { userWritesOf } from '../db/users.js'
import { OperatorError } from '../errors.js'
import { nameKey } from '../names.js'
import { command, printMany, printOne, type Terminal, withDatabase } from './program.js'

/** Names of enterprises and clients (CONTRACT.md, "Objects"). */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
/** Numbers of enterprises are drawn below this, so that they tell nothing (CONTRACT.md, "Keys"). */
const NUMBERS = 2 ** 48

interface Admin {
  readonly username: string
  readonly email: string
}

/** What `enterprise create` makes. The key is shown here only. */
export interface NewEnterprise {
  readonly enterprise: string
  readonly name: string
  readonly user_id: number
  readonly api_key: string
}

function requireValid(name: string, admin: Admin): void {
  if (!NAME.test(name)) {
    throw new OperatorError(`the name of an enterprise must be 1 to 63 of a-z, 0-9 and -, not beginning with -`, 2)
  }
  const validate = compile({ $ref: '#/components/schemas/UserUpdate' })
  const user: components['schemas']['UserUpdate'] = { ...admin }
  if (!validate(user)) throw new OperatorError(faultTexts(validate.errors ?? []).join('; '), 2)
}

/**
 * Makes an enterprise, its superuser with the role Enterprise Admin, and one key for it, in one transaction.
 *
 * @throws {OperatorError} when the name is taken or a value breaks the contract
 */
export async function createEnterprise(db: Kysely<Database>, name: string, admin: Admin): Promise<NewEnterprise> {
  requireValid(name, admin)
  return inTransaction(db, async (trx) => {
    const enterprise = await insertEnterprise(trx, { id: randomInt(NUMBERS - 1), uuid: randomUUID(), name })
    if (enterprise === undefined) throw new OperatorError(`there is an enterprise ${name} already`)
    const user = await userWritesOf(trx, enterprise.id).insert({
      ...admin,
      username_key: nameKey(admin.username),
      email_key: admin.email === '' ? null : nameKey(admin.email),
      first_name: '',
      last_name: '',
      is_active: true,
      is_superuser: true,
      role: 'Enterprise Admin',
      groups: [],
    })
    const { key, hash, prefix, expires_on } = makeKey(enterprise.id)
    await keyWritesOf(trx, enterprise.id).insert({ user_id: user.id, hash, prefix, expires_on })
    return { enterprise: enterprise.uuid, name, user_id: user.id, api_key: key }
  })
}

/** `roster enterprise create|list`. */
export function enterpriseCommand(terminal: Terminal): Command {
  const noun = command(terminal, 'enterprise', 'the customers of the directory')
  noun
    .addCommand(
      command(terminal, 'create', 'make an enterprise, its superuser and one key')
        .argument('<name>', '1 to 63 of a-z, 0-9 and -, not beginning with -')
        .requiredOption('--admin <username>', 'the name of its superuser')
        .option('--email <address>', 'the e-mail address of its superuser', '')
        .option('--json', 'print one JSON object', false)
        .action(async (name: string, options: { admin: string; email: string; json: boolean }) => {
          const made = await withDatabase(terminal, (db) =>
            createEnterprise(db, name, { username: options.admin, email: options.email }),
          )
          printOne(terminal, options.json, { ...made })
          terminal.note('The key is shown this once: keep it now.')
        }),
    )
    .addCommand(
      command(terminal, 'list', 'list the enterprises')
        .option('--json', 'print one JSON array', false)
        .action(async ({ json }: { json: boolean }) => {
          const rows = await withDatabase(terminal, (db) => listEnterprises(db))
          const shown = rows.map(({ uuid, name, google_enterprise_id, created_on }) => ({
            enterprise: uuid,
            name,
            google_enterprise_id,
            created_on,
          }))
          printMany(terminal, json, ['enterprise', 'name', 'google_enterprise_id', 'created_on'], shown)
        }),
    )
  return noun
}
