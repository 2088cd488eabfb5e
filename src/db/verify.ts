import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.js'

/** A block of ids whose stored count is not the number of its users. */
export interface Miscount {
  readonly enterprise: string
  readonly level: number
  readonly block: number
  readonly stored: number
  readonly actual: number
}

/** Compares every stored count of users with the users that are there, in one snapshot. Empty: all is right. */
export async function findMiscounts(db: Kysely<Database>): Promise<Miscount[]> {
  const { rows } = await sql<Miscount>`
    with actual as (
      select enterprise_id, 1 as level, id >> 10 as block, count(*) as n from user_account group by 1, 2, 3
      union all
      select enterprise_id, 2 as level, id >> 20 as block, count(*) as n from user_account group by 1, 2, 3
    )
    select enterprise.name as enterprise, level, block, coalesce(user_count.n, 0) as stored, coalesce(actual.n, 0) as actual
    from user_count full join actual using (enterprise_id, level, block)
    join enterprise on enterprise.id = enterprise_id
    where coalesce(user_count.n, 0) <> coalesce(actual.n, 0)
    order by enterprise.name, level, block`.execute(db)
  return rows
}
