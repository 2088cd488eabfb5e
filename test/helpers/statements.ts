import type { CompiledQuery, Kysely } from 'kysely'
import type { Database } from '../../src/db/schema.js'

/** A database whose statements, as far as they are sent compiled, are noted in their order. */
export function watchStatements(db: Kysely<Database>): { watched: Kysely<Database>; statements: string[] } {
  const statements: string[] = []
  const watched = Object.create(db, {
    executeQuery: {
      value: (query: CompiledQuery) => {
        statements.push(query.sql)
        return db.executeQuery(query)
      },
    },
  }) as Kysely<Database>
  return { watched, statements }
}
