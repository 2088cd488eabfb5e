import pg from 'pg'
import { fromDatabase, constant } from './check.js'
import { fill, openForFilling, requireRightCounts } from './fill.js'
import { goalsOf } from './goals.js'
import { findGenerator } from './load.js'
import { hasRoomFor, makeDatabase, onDatabase, openServer, type Server as Postgres } from './postgres.js'
import { goalsTable, machine, type Result, rowsTable, writeJson } from './report.js'
import type { Row } from './rounds.js'
import { type Bench, comparisons, type Fact, type Scenario } from './scenarios.js'
import { startRoster, startYardstick } from './servers.js'
import { loadSettings, type Settings } from './settings.js'

const scenarios: Readonly<Record<string, Scenario>> = { ...comparisons }

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** What is to be stopped and removed at the end, last first. */
const cleanups: (() => Promise<void>)[] = []

async function cleanUp(down = 0): Promise<void> {
  while (cleanups.length > down) await cleanups.pop()!()
}

async function prepare(postgres: Postgres, settings: Settings, users: number): Promise<Omit<Bench, 'generate'>> {
  const { url, drop } = await makeDatabase(postgres.url)
  cleanups.push(drop)
  const db = openForFilling({ DATABASE_URL: url })
  cleanups.push(() => db.destroy())
  const dataset = await fill(db, users)
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  cleanups.push(() => pool.end())
  const [caller, expect] = [dataset.big.callers[0]!, fromDatabase(pool)]
  const servers = {
    roster: await startRoster({ DATABASE_URL: url }, caller, expect),
    bare: await startYardstick('bare', url, caller, expect),
    'bare-joined': await startYardstick('bare-joined', url, caller, expect),
    hello: await startYardstick('hello', url, caller, constant),
  }
  cleanups.push(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  })
  const { rounds, seconds, connections } = settings
  return { rounds, seconds, connections, dataset, url, pool, db, servers, binaries: postgres.binaries }
}

async function measure(bench: Bench, settings: Settings, users: number): Promise<Result> {
  const rows: Row[] = []
  const facts: Fact[] = []
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (settings.scenarios && !settings.scenarios.has(name)) continue
    const found = await scenario(bench)
    rows.push(...(found.rows ?? []))
    facts.push(...(found.facts ?? []))
    if (found.rows) say(`\n${rowsTable(found.rows)}`)
    for (const { name, value, unit } of found.facts ?? []) say(`\n${name}: ${value.toFixed(0)} ${unit}`)
  }
  await requireRightCounts(bench.db)
  const goals = goalsOf(users, rows, facts)
  if (goals.length > 0) say(`\n${goalsTable(goals)}`)
  return { users, rows, facts, goals }
}

/** The settings of the server that are not its defaults, and its version. */
async function settingsOf(postgres: Postgres): Promise<unknown> {
  const [{ rows: version }, { rows: changed }] = [
    await onDatabase(postgres.url, 'select version()'),
    await onDatabase(
      postgres.url,
      `select name, setting, unit from pg_settings where source in ('command line', 'configuration file') order by name`,
    ),
  ]
  return { ...version[0], changed }
}

async function main(): Promise<void> {
  const settings = loadSettings(Object.keys(scenarios))
  const generator = await findGenerator(settings.generator)
  const postgres = await openServer(settings.databaseUrl)
  cleanups.push(postgres.stop)
  const about = { machine: machine(), postgres: await settingsOf(postgres), generator: generator.name }
  const results: Result[] = []
  for (const users of settings.users) {
    say(`\n== ${users.toLocaleString('en')} users, ${String(settings.rounds)} rounds of ${String(settings.seconds)} s ==`)
    if (settings.databaseUrl === undefined && !hasRoomFor(users)) {
      say('not run: the disk has no room for them')
      continue
    }
    const down = cleanups.length
    const bench = { ...(await prepare(postgres, settings, users)), generate: generator.load }
    results.push(await measure(bench, settings, users))
    await cleanUp(down)
    const { rounds, seconds } = settings
    writeJson(settings.json, { ...about, rounds, seconds, results })
  }
  say(`\nAll answers were right. Each round is in ${settings.json}`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)))
}
try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await cleanUp()
}
