import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import { type LastUsed, makeLastUsed } from '../auth/last-used.js'
import type { Config } from '../config.js'
import type { Database } from '../db/schema.js'
import { loggable } from './problems.js'

/** Remembers when keys are used, and writes it from time to time and when the server closes. */
export function rememberUses(app: FastifyInstance, db: Kysely<Database>, { lastUsedMs }: Config): LastUsed {
  const lastUsed = makeLastUsed(db, (error) => {
    app.log.warn({ error: loggable(error) }, 'when keys were last used could not be written')
  })
  const timer = setInterval(() => void lastUsed.flush(), lastUsedMs)
  timer.unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await lastUsed.flush()
  })
  return lastUsed
}
