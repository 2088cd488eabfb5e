import type { Command } from 'commander'
import type { Kysely } from 'kysely'
import { auditOf, COMMAND_LINE } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { enrollEnterprise, type EnterpriseRow, listEnterprises } from '../db/enterprises.js'
import type { Database } from '../db/schema.js'
import { OperatorError } from '../errors.js'
import { createEnterprise } from '../users/enterprise.js'
import { command, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

const GOOGLE_ID = /^[A-Za-z0-9_-]{1,255}$/

function enroll(db: Kysely<Database>, enterprise: EnterpriseRow, google_enterprise_id: string | null): Promise<void> {
  return inTransaction(db, async (trx) => {
    const before = await enrollEnterprise(trx, enterprise.id, google_enterprise_id)
    if (before === google_enterprise_id) return
    await auditOf(trx, enterprise).append(COMMAND_LINE, {
      action: 'enterprise.enroll_emm',
      target_type: 'enterprise',
      target: enterprise.uuid,
      user_id: null,
      before: { google_enterprise_id: before },
      after: { google_enterprise_id },
    })
  })
}

/** `roster enterprise create|list|enroll-emm`. */
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
          if (!options.json) terminal.note('The key is shown this once: keep it now.')
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
    .addCommand(
      command(terminal, 'enroll-emm', 'say that an enterprise is enrolled in Google EMM, or no longer')
        .argument('<name>', 'the name of the enterprise')
        .argument('[google-enterprise-id]', 'its id at Google; without it the enrolment ends')
        .option('--json', 'print one JSON object', false)
        .action(async (name: string, id: string | undefined, { json }: { json: boolean }) => {
          if (id !== undefined && !GOOGLE_ID.test(id)) {
            throw new OperatorError('an id at Google must be 1 to 255 letters, digits, - or _', 2)
          }
          await withDatabase(terminal, async (db) => {
            const enterprise = await requireEnterprise(db, name)
            await enroll(db, enterprise, id ?? null)
          })
          printOne(terminal, json, { name, google_enterprise_id: id ?? null })
        }),
    )
  return noun
}
