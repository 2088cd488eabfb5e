import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { makePasswords } from './auth/passwords.js'
import type { Config } from './config.js'
import { openDatabase } from './db/database.js'
import { checkSchema } from './db/migrate.js'

/** A signal that comes a second time does not wait for requests in flight. */
const INTERRUPTED = 130

/**
 * Stops on SIGTERM and SIGINT: no new connections, requests in flight finish, the database is closed. What is not finished
 * within `shutdownMs` is cut off.
 */
function stopOnSignal(app: FastifyInstance, shutdownMs: number): void {
  let stopping = false
  const stop = async (signal: string): Promise<void> => {
    if (stopping) process.exit(INTERRUPTED)
    stopping = true
    app.log.info({ signal }, 'stopping')
    const cut = setTimeout(() => {
      app.log.warn('requests in flight did not finish in time')
      app.server.closeAllConnections()
    }, shutdownMs)
    await app.close()
    clearTimeout(cut)
    app.log.info('stopped')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
}

/**
 * Runs the server until a signal stops it.
 *
 * @throws {OperatorError} when the schema of the database is not this release's
 */
export async function serve(config: Config): Promise<void> {
  const db = openDatabase(config)
  try {
    const newer = await checkSchema(db)
    const app = await buildApp(config, { db, passwords: makePasswords(config) })
    app.addHook('onClose', () => db.destroy())
    if (newer !== undefined) app.log.warn(newer)
    await app.listen({ host: config.host, port: config.port })
    stopOnSignal(app, config.shutdownMs)
  } catch (error) {
    await db.destroy()
    throw error
  }
}
