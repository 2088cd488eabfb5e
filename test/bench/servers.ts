import path from 'node:path'
import type { Expect } from './check.js'
import type { Caller } from './fill.js'
import { freePort, start, type Started, until } from './processes.js'

/** A server that answers. */
export interface Launched {
  readonly port: number
  readonly pid: number
  /** From the start of its process to its first answer of 200. */
  readonly startedInMs: number
  readonly stop: () => Promise<void>
}

/** A server that is driven, and whose answers are compared. */
export interface Server extends Launched {
  readonly name: string
  readonly expect: Expect
}

/** The yardsticks that are servers. */
export type Yardstick = 'bare' | 'bare-joined' | 'hello'

/** Where Roster keeps the directory, as its settings name it. */
export type StoreSettings = { readonly DATABASE_URL: string } | { readonly ROSTER_DATA: string }

async function firstAnswer(port: number, { key }: Caller): Promise<void> {
  const url = `http://127.0.0.1:${String(port)}/api/user_info/`
  const { status } = await fetch(url, { headers: { Authorization: `Bearer ${key}` } })
  if (status !== 200) throw new Error(`the answer to GET /api/user_info/ is ${String(status)}`)
}

const PAUSE_MS = 5
const BOUND_MS = 60_000

async function launch(begin: (port: string) => Started, caller: Caller): Promise<Launched> {
  const port = await freePort()
  const began = performance.now()
  const process = begin(String(port))
  const stop = () => process.stop('SIGTERM')
  try {
    await until(() => firstAnswer(port, caller), process, BOUND_MS, PAUSE_MS)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, pid: process.pid, startedInMs: performance.now() - began, stop }
}

/** Starts Roster with default settings but the store and the port. Its log goes nowhere, but is written. */
export function launchRoster(store: StoreSettings, caller: Caller): Promise<Launched> {
  const cli = path.resolve('dist/src/cli.js')
  return launch((PORT) => start(process.execPath, [cli, 'serve'], { ...store, PORT }), caller)
}

/** Starts Roster to drive it. */
export async function startRoster(store: StoreSettings, caller: Caller, expect: Expect): Promise<Server> {
  return { name: 'roster', expect, ...(await launchRoster(store, caller)) }
}

/** Starts a yardstick in a process of its own. */
export async function startYardstick(name: Yardstick, url: string, caller: Caller, expect: Expect): Promise<Server> {
  const file = path.resolve(`dist/test/bench/yardsticks/${name}.js`)
  const begin = (PORT: string) => start(process.execPath, [file], { DATABASE_URL: url, PORT })
  return { name, expect, ...(await launch(begin, caller)) }
}
