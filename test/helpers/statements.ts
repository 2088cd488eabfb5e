import type { Kysely } from 'kysely'
import type { Database } from '../../src/db/schema.js'

/** A database whose statements are noted, in the order in which they were sent. */
export function watchStatements(db: Kysely<Database>): { watched: Kysely<Database>; statements: string[] } {
  const statements: string[] = []
  const watched = db.withPlugin({
    transformQuery: ({ node }) => {
      statements.push(db.getExecutor().compileQuery(node, { queryId: 'watched' }).sql)
      return node
    },
    transformResult: async ({ result }) => result,
  })
  return { watched, statements }
}
