import type { Kysely, Selectable, Transaction } from 'kysely'
import type { Database, EnterpriseTable } from './schema.js'
import { jsonTime, withDates } from './times.js'

/** An enterprise as read. */
export type EnterpriseRow = Selectable<EnterpriseTable>

const columns = ['id', 'uuid', 'name', 'google_enterprise_id', jsonTime('created_on')] as const

const TIMES = ['created_on'] as const

/** All enterprises by name. For the command line: the API never sees more than the caller's own. */
export async function listEnterprises(db: Kysely<Database>): Promise<EnterpriseRow[]> {
  const rows = await db.selectFrom('enterprise').select(columns).orderBy('name').execute()
  return rows.map((row) => withDates<EnterpriseRow>(row, TIMES))
}

/** The enterprise of this name, if there is one. For the command line. */
export async function findEnterprise(db: Kysely<Database>, name: string): Promise<EnterpriseRow | undefined> {
  const row = await db.selectFrom('enterprise').select(columns).where('name', '=', name).executeTakeFirst()
  return row && withDates<EnterpriseRow>(row, TIMES)
}

/** Makes an enterprise. Undefined when the name, the number or the uuid is taken. */
export async function insertEnterprise(
  trx: Transaction<Database>,
  enterprise: Pick<EnterpriseTable, 'id' | 'uuid' | 'name'>,
): Promise<EnterpriseRow | undefined> {
  const row = await trx
    .insertInto('enterprise')
    .values(enterprise)
    .onConflict((conflict) => conflict.doNothing())
    .returning(columns)
    .executeTakeFirst()
  return row && withDates<EnterpriseRow>(row, TIMES)
}

/** Says that an enterprise is enrolled in Google EMM under this id, or with null that it is not. Returns what was said before. */
export async function enrollEnterprise(
  trx: Transaction<Database>,
  id: number,
  google_enterprise_id: string | null,
): Promise<string | null> {
  const query = trx.selectFrom('enterprise').select('google_enterprise_id').where('id', '=', id)
  const before = await query.forNoKeyUpdate().executeTakeFirstOrThrow()
  await trx.updateTable('enterprise').set({ google_enterprise_id }).where('id', '=', id).execute()
  return before.google_enterprise_id
}
