import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { openDatabase } from '../../src/db/database.js'
import { findMiscounts } from '../../src/db/verify.js'
import { freePort, run } from '../bench/processes.js'
import { type Ask, asker } from '../helpers/ask.js'
import { type StoreSettings, testConfig, testSettings } from '../helpers/database.js'
import type { OwnPostgres } from '../helpers/own-postgres.js'
import { Ledger } from './ledger.js'

/** What is killed: the server's process, one of its workers, the database in two ways, or all at once, as with the machine. */
export type Victim = 'process' | 'worker' | 'database' | 'postmaster' | 'everything'

const CLI = 'dist/src/cli.js'
const CLIENTS = 8

/** When a client hangs up, in milliseconds: a connection that was handed to a worker as it was killed is answered by nobody. */
const GIVE_UP_MS = 1000

/** Writes that are acknowledged before a kill, at least and at most; and how long is waited for them, in milliseconds. */
const LEAST_WRITES = 5
const MOST_WRITES = 60
const LOAD_MS = 5000

const running = new Set<ChildProcess>()
// Also where this process ends by an error that nobody caught.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

interface Serving {
  readonly child: ChildProcess
  readonly origin: string
  readonly ended: Promise<void>
}

const environmentOf = (store: StoreSettings): NodeJS.ProcessEnv => ({
  ...process.env,
  DATABASE_URL: undefined,
  ...testSettings,
  LOG_LEVEL: 'info',
  NODE_ENV: 'production',
  ROSTER_DEADLINE_MS: '700',
  ...store,
})

async function serve(store: StoreSettings, workers: number): Promise<Serving> {
  // Any port would be another one once no worker has it.
  const port = String(await freePort())
  const child = spawn(process.execPath, [CLI, 'serve', '--workers', String(workers)], {
    env: { ...environmentOf(store), PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let told = ''
  child.stderr.on('data', (text: Buffer) => (told = (told + text.toString()).slice(-2000)))
  const ended = new Promise<void>((done) => child.once('close', () => done())).then(() => void running.delete(child))
  const origin = await new Promise<string>((done, failed) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, url] = /Server listening at (http:[^"]+)/.exec(line) ?? []
      if (url !== undefined) done(url)
    })
    void ended.then(() => failed(new Error(`the server did not come to listen: ${told}`)))
  })
  return { child, origin, ended }
}

/** What a run of kills is told. */
export interface Chaos {
  readonly store: StoreSettings
  /** Where the store is on a server: that one, to kill. */
  readonly postgres?: OwnPostgres
  readonly key: string
  readonly ownerId: number
  /** In their order, one kill each. */
  readonly victims: readonly Victim[]
  readonly note?: (text: string) => void
}

/** What came of it. */
export interface Outcome {
  kills: number
  acknowledged: number
  cutOff: number
  /** Everything that is not as promised; empty when all is. */
  wrong: string[]
}

async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  const pids = await run('pgrep', ['-P', String(pid)])
  return pids.trim().split('\n').map(Number)
}

/** Waits until some writes were acknowledged, and a moment more, so that the kill comes at any moment of a write. */
async function enough(acknowledged: () => number): Promise<void> {
  const wanted = acknowledged() + LEAST_WRITES + Math.random() * (MOST_WRITES - LEAST_WRITES)
  const end = performance.now() + LOAD_MS
  while (acknowledged() < wanted && performance.now() < end) await delay(1)
  await delay(Math.random() * 10)
}

/** Waits until it answers. */
async function answers(ask: Ask): Promise<void> {
  const end = performance.now() + 20_000
  while ((await ask('GET', '/user_info/')).status !== 200) {
    if (performance.now() > end) throw new Error('the server does not come back')
    await delay(20)
  }
}

/** Kills in the middle of load, again and again; after each kill it compares what is there with what was acknowledged. */
export async function killAgainAndAgain({ store, postgres, key, ownerId, victims, note }: Chaos): Promise<Outcome> {
  const ledger = new Ledger()
  const wrong: string[] = []
  // Workers are there to be killed only where there are several.
  const workers = victims.includes('worker') ? 2 : 1
  let serving = await serve(store, workers)
  let kills = 0

  const killProcess = async (): Promise<void> => {
    // The others see that the first one is gone, and end: as after a kill of all.
    const pids = workers > 1 ? await childrenOf(serving.child) : []
    serving.child.kill('SIGKILL')
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await serving.ended
  }
  const kill: Record<Victim, () => Promise<void>> = {
    process: killProcess,
    worker: async () => {
      const [first] = await childrenOf(serving.child)
      process.kill(first!, 'SIGKILL')
    },
    database: () => postgres!.stop('SIGQUIT'),
    postmaster: () => postgres!.stop('SIGKILL'),
    everything: async () => {
      await Promise.all([killProcess(), postgres!.stop('SIGKILL')])
    },
  }

  for (const victim of victims) {
    let goesOn = true
    const ask = asker(serving.origin, key, GIVE_UP_MS)
    const clients = Array.from({ length: CLIENTS }, () => ledger.write(ask, () => goesOn))
    await enough(() => ledger.acknowledged)
    await kill[victim]()
    goesOn = false
    if (victim === 'database' || victim === 'postmaster' || victim === 'everything') await postgres!.launch()
    await Promise.all(clients)
    if (victim === 'process' || victim === 'everything') serving = await serve(store, workers)
    const again = asker(serving.origin, key, GIVE_UP_MS)
    await answers(again)
    if (postgres !== undefined) await settled(store)
    kills++
    for (const fault of await ledger.check(again, ownerId)) wrong.push(`kill ${String(kills)}, ${victim}: ${fault}`)
    ledger.wrong = []
    if (postgres !== undefined) for (const one of await miscounts(store)) wrong.push(`kill ${String(kills)}, ${victim}: ${one}`)
    if (kills % 20 === 0) note?.(`${String(kills)} kills, ${String(ledger.acknowledged)} writes acknowledged, ${String(wrong.length)} wrong`)
  }
  serving.child.kill('SIGTERM')
  await serving.ended
  await verify(store, wrong)
  return { kills, acknowledged: ledger.acknowledged, cutOff: ledger.cutOff, wrong }
}

/** Waits for the statements of killed processes: Postgres does not notice the kill, and may commit one after the check. */
async function settled(store: StoreSettings): Promise<void> {
  const db = openDatabase(testConfig(store))
  const underWay = sql<{ n: number }>`select count(*)::integer as n from pg_stat_activity
    where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`
  const end = performance.now() + 20_000
  while (((await underWay.execute(db)).rows[0]?.n ?? 0) > 0) {
    if (performance.now() > end) throw new Error('statements of killed processes do not end')
    await delay(20)
  }
  await db.destroy()
}

/** What `roster verify` looks at, without starting it; on a server alone, which others may use meanwhile. */
async function miscounts(store: StoreSettings): Promise<string[]> {
  const db = openDatabase(testConfig(store))
  const found = await findMiscounts(db)
  await db.destroy()
  return found.map((one) => `wrong count: ${JSON.stringify(one)}`)
}

/** `roster verify`; on the embedded engine the server must have stopped. */
async function verify(store: StoreSettings, wrong: string[]): Promise<void> {
  const fault = await new Promise<string | undefined>((done) => {
    const child = spawn(process.execPath, [CLI, 'verify'], { env: environmentOf(store), stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (text: Buffer) => (said += text.toString()))
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    child.once('close', (code) => done(code === 0 ? undefined : said.trim()))
  })
  if (fault !== undefined) wrong.push(`roster verify: ${fault}`)
}
