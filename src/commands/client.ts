import type { Command } from 'commander'
import { clientsOf, clientWritesOf } from '../db/clients.js'
import { type AuditChange, auditOf, COMMAND_LINE } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { OperatorError } from '../errors.js'
import { requireName } from '../names.js'
import { command, printMany, printOne, requireEnterprise, type Terminal, withDatabase } from './program.js'

function changed(action: 'client.add' | 'client.remove', name: string): AuditChange {
  const [before, after] = action === 'client.add' ? [{}, { name }] : [{ name }, {}]
  return { action, target_type: 'client', target: name, user_id: null, before, after }
}

/** `roster client add|list|remove`: the clients that `X-Client-Id` may name. */
export function clientCommand(terminal: Terminal): Command {
  const verb = (name: string, description: string) =>
    command(terminal, name, description)
      .requiredOption('--enterprise <name>', 'the enterprise of the client')
      .option('--json', 'print JSON', false)
  interface Options {
    readonly enterprise: string
    readonly json: boolean
  }
  return command(terminal, 'client', 'the clients that X-Client-Id may name')
    .addCommand(
      verb('add', 'register a client; nothing changes if it is registered already')
        .argument('<client>', '1 to 63 of a-z, 0-9 and -, not beginning with -')
        .action(async (client: string, { enterprise, json }: Options) => {
          requireName('a client', client)
          await withDatabase(terminal, async (db) => {
            const found = await requireEnterprise(db, enterprise)
            await inTransaction(db, async (trx) => {
              const isNew = await clientWritesOf(trx, found.id).insert(client)
              if (isNew) await auditOf(trx, found).append(COMMAND_LINE, changed('client.add', client))
            })
          })
          printOne(terminal, json, { enterprise, client })
        }),
    )
    .addCommand(
      verb('list', 'list the clients').action(async ({ enterprise, json }: Options) => {
        const rows = await withDatabase(terminal, async (db) =>
          clientsOf(db, (await requireEnterprise(db, enterprise)).id).list(),
        )
        printMany(terminal, json, ['name', 'created_on'], rows)
      }),
    )
    .addCommand(
      verb('remove', 'remove a client; it is refused from then on')
        .argument('<client>', 'the client, as "roster client list" prints it')
        .action(async (client: string, { enterprise, json }: Options) => {
          const removed = await withDatabase(terminal, async (db) => {
            const found = await requireEnterprise(db, enterprise)
            return inTransaction(db, async (trx) => {
              const wasThere = await clientWritesOf(trx, found.id).delete(client)
              if (wasThere) await auditOf(trx, found).append(COMMAND_LINE, changed('client.remove', client))
              return wasThere
            })
          })
          if (!removed) throw new OperatorError(`there is no client ${client} in ${enterprise}`)
          printOne(terminal, json, { enterprise, client })
        }),
    )
}
