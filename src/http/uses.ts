import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import { type LastUsed, makeLastUsed } from '../auth/last-used.js'
import type { Config } from '../config.js'
import type { Database } from '../db/schema.js'
import { deleteEndedTries } from '../db/sign-ins.js'
import { loggable } from './problems.js'

/**
 * Remembers when keys are used, and writes it from time to time and when the server closes. With it go the counts of failed
 * sign-ins that have ended.
 */
export function rememberUses(app: FastifyInstance, db: Kysely<Database>, { lastUsedMs }: Config): LastUsed {
  const lastUsed = makeLastUsed(db, (error) => {
    app.log.warn({ error: loggable(error) }, 'when keys were last used could not be written')
  })
  const upkeep = async (): Promise<void> => {
    await lastUsed.flush()
    // Another server, or the next time, does it as well.
    await deleteEndedTries(db).catch(() => undefined)
  }
  const timer = setInterval(() => void upkeep(), lastUsedMs)
  timer.unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await lastUsed.flush()
  })
  return lastUsed
}
