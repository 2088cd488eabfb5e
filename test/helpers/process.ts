import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { openDatabase } from '../../src/db/database.js'
import { type StoreSettings, testConfig, testSettings } from './database.js'
import type { Call, Directory } from './directory.js'
import { measured } from './measured.js'

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A line of the log. */
export interface Line {
  readonly msg: string
  readonly time: string
  /** Of a process of `--workers`. */
  readonly pid?: number
  /** The worker that ended. */
  readonly worker?: number
}

/** `roster serve` as a process of its own. */
export interface Served {
  readonly child: ChildProcess
  /** Its lines on stdout so far, parsed. */
  readonly log: Line[]
  /** All of its stderr so far. */
  readonly errors: () => string
  readonly ended: Promise<Ending>
  /** Where it listens, as `http://127.0.0.1:43210`. Rejects when it ends before. */
  readonly listening: Promise<string>
}

/**
 * Runs `roster serve` on a free port, in a process group of its own; it is killed at the end of the test if it is still there.
 *
 * @param command the file of the command, where it is not this version's
 */
export function serveProcess(
  t: Test,
  store: StoreSettings,
  env: Record<string, string> = {},
  args: readonly string[] = [],
  command = cli,
): Served {
  const child = spawn(process.execPath, [command, 'serve', ...args], {
    // A group of its own, so that a signal can be sent to all its processes, as a terminal does.
    detached: true,
    env: {
      ...process.env,
      ...measured,
      ...testSettings,
      LOG_LEVEL: 'info',
      ...store,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const log: Served['log'] = []
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise<Ending>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  const listening = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const entry = JSON.parse(line) as Served['log'][number]
      log.push(entry)
      const [, url] = /^Server listening at (\S+)$/.exec(entry.msg) ?? []
      if (url !== undefined) resolve(url)
    })
    void ended.then(() => reject(new Error(`the server did not listen: ${errors}`)))
  })
  // A test that wants it to fail never asks where it listens.
  listening.catch(() => undefined)
  return { child, log, errors: () => errors, ended, listening }
}

/** Whether a promise settles within this time. */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false)
  const settled = await Promise.race([promise.then(() => true, () => true), late])
  timer.abort()
  return settled
}

/** A second server on the directory's database, with connections of its own: what `call` is for the first one. */
export async function secondServer(t: Test, { store }: Directory): Promise<Directory['call']> {
  const config = testConfig(store)
  const db = openDatabase(config)
  const app = await buildApp(config, { db, passwords: makePasswords(config) })
  t.teardown(async () => {
    await app.close()
    await db.destroy()
  })
  return (request, { key, json, headers }: Call = {}) => {
    const [method, path = ''] = request.split(' ')
    return app.inject({
      method: method as 'GET',
      url: `/api${path}`,
      headers: { authorization: String(key), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { payload: JSON.stringify(json) }),
    })
  }
}
