import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { checkSchema } from '../db/migrate.js'
import type { Database } from '../db/schema.js'
import { OperatorError } from '../errors.js'

/** Says why a server should get no requests now; undefined when it should. */
export type Readiness = () => Promise<string | undefined>

/** How long the database may take to answer, in milliseconds. */
const PATIENCE_MS = 2000

/**
 * Looks whether the database can be reached and has the schema of this release. Those who ask at once share one look.
 */
export function databaseReadiness(db: Kysely<Database>): Readiness {
  let look: Promise<string | undefined> | undefined
  const once = (): Promise<string | undefined> =>
    checkSchema(db).then(
      () => undefined,
      (error: unknown) => (error instanceof OperatorError ? error.message : 'the database does not answer'),
    )
  return async () => {
    look ??= once().finally(() => {
      look = undefined
    })
    const patience = new AbortController()
    const late = delay(PATIENCE_MS, 'the database does not answer', { signal: patience.signal }).catch(() => undefined)
    const why = await Promise.race([look, late])
    patience.abort()
    return why
  }
}
