import path from 'node:path'
import type { Caller } from './fill.js'
import type { Expect } from './check.js'
import { freePort, start, type Started, until } from './processes.js'

/** A server that is driven. */
export interface Server {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly expect: Expect
  /** From the start of its process to its first answer of 200. */
  readonly startedInMs: number
  readonly stop: () => Promise<void>
}

/** The yardsticks that are servers. */
export type Yardstick = 'bare' | 'bare-joined' | 'hello'

async function firstAnswer(port: number, { key }: Caller): Promise<void> {
  const url = `http://127.0.0.1:${String(port)}/api/user_info/`
  const { status } = await fetch(url, { headers: { Authorization: `Bearer ${key}` } })
  if (status !== 200) throw new Error(`the answer to GET /api/user_info/ is ${String(status)}`)
}

const PAUSE_MS = 5
const BOUND_MS = 60_000

async function startServer(
  name: string,
  launch: (port: string) => Started,
  caller: Caller,
  expect: Expect,
): Promise<Server> {
  const port = await freePort()
  const began = performance.now()
  const process = launch(String(port))
  const stop = () => process.stop('SIGTERM')
  try {
    await until(() => firstAnswer(port, caller), process, BOUND_MS, PAUSE_MS)
  } catch (error) {
    await stop()
    throw error
  }
  return { name, port, pid: process.pid, expect, startedInMs: performance.now() - began, stop }
}

/** Starts Roster as `roster serve`, with default settings but the store and the port. Its log goes nowhere, but is written. */
export function startRoster(
  store: { readonly DATABASE_URL: string } | { readonly ROSTER_DATA: string },
  caller: Caller,
  expect: Expect,
): Promise<Server> {
  const launch = (PORT: string) => start(process.execPath, [path.resolve('dist/src/cli.js'), 'serve'], { ...store, PORT })
  return startServer('roster', launch, caller, expect)
}

/** Starts a yardstick in a process of its own. */
export function startYardstick(name: Yardstick, url: string, caller: Caller, expect: Expect): Promise<Server> {
  const file = path.resolve(`dist/test/bench/yardsticks/${name}.js`)
  return startServer(name, (PORT) => start(process.execPath, [file], { DATABASE_URL: url, PORT }), caller, expect)
}
