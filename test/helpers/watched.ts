import type { KyselyPlugin } from 'kysely'
import type { Kysely } from 'kysely'
import type { Database } from '../../src/db/schema.js'

/** A database all of whose statements, those in transactions too, are noted in their order. */
export function watchAll(db: Kysely<Database>): { watched: Kysely<Database>; statements: string[] } {
  const statements: string[] = []
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      statements.push(db.getExecutor().compileQuery(node, queryId).sql)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return { watched: db.withPlugin(plugin), statements }
}
