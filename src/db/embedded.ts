import { lstatSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import type { PostgresPoolClient, PostgresQueryResult } from 'kysely'
import { OperatorError } from '../errors.js'
import { overloaded } from '../overload.js'
import { lockFolder } from './folder-lock.js'
import { damaged, folderFault, prepareFolder, requireSpace, requireStore } from './store-folder.js'
import type { CountedPool } from './server.js'

/** Loaded only where it is used: its WebAssembly takes long to load. */
async function openPglite(folder: string): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite')
  return PGlite.create(folder)
}

/** Makes a store aside and moves it into place whole, so that no kill leaves half of one. */
async function makeStore(store: string): Promise<void> {
  const unfinished = `${store}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  try {
    await (await openPglite(unfinished)).close()
    renameSync(unfinished, store)
  } catch {
    // The unfinished store would keep a full disk full.
    rmSync(unfinished, { recursive: true, force: true })
    throw new OperatorError(`the embedded store ${store} can't be made: free 100 MB on its disk, and start again`, 74)
  }
}

/** Opens the store in a folder, and makes it where there is none. */
async function openStore(folder: string): Promise<PGlite> {
  const store = path.join(folder, 'postgres')
  // A dangling symbolic link gets no new store: its volume may not be mounted yet.
  if (lstatSync(store, { throwIfNoEntry: false }) === undefined) await makeStore(store)
  requireStore(store)
  return openPglite(store).catch(() => {
    requireSpace(folder)
    throw damaged(store, 'Postgres does not start on it')
  })
}

/**
 * Opens the embedded Postgres in a folder, as a pool of its one connection.
 *
 * @param folder made with mode 0700 when it is not there
 * @param waitMs how long a caller may wait for the connection
 * @param queue how many may wait; who comes beyond is refused with `unavailable`
 * @throws {OperatorError} when another process has the folder, it can't be used, or the store in it is damaged
 */
export async function openEmbedded(folder: string, waitMs: number, queue: number): Promise<CountedPool> {
  prepareFolder(folder)
  const unlock = await lockFolder(folder).catch((error: unknown) => {
    throw folderFault(folder, error)
  })
  const store = await openStore(folder).catch((error: unknown) => {
    unlock()
    throw folderFault(folder, error)
  })
  const waiting: (() => void)[] = []
  let taken = false

  const client: PostgresPoolClient = {
    query: (async (statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> => {
      const { rows, affectedRows = 0 } = await store.query(statement, [...parameters])
      // Kysely reads the count of rows for writes only, and PGlite does not say which the statement was.
      return { command: 'UPDATE', rowCount: affectedRows, rows }
    }) as PostgresPoolClient['query'],
    release: () => {
      const next = waiting.shift()
      if (next === undefined) taken = false
      else next()
    },
  }

  return {
    counts: () => ({ most: 1, used: Number(taken), idle: Number(!taken), waiting: waiting.length }),
    connect: () =>
      new Promise((done, failed) => {
        if (!taken) {
          taken = true
          done(client)
          return
        }
        if (waiting.length >= queue) {
          failed(overloaded('database'))
          return
        }
        const next = (): void => {
          clearTimeout(timer)
          done(client)
        }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(next), 1)
          // The words of `pg`'s own pool, which `failures.ts` knows.
          failed(new Error('timeout exceeded when trying to connect'))
        }, waitMs)
        waiting.push(next)
      }),
    end: async () => {
      await store.close()
      unlock()
    },
  }
}
