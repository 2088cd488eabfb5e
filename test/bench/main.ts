import { Cleanups, runWithCleanups } from './cleanups.js'
import { create, readWhileCreating } from './creates.js'
import { requireRightCounts } from './fill.js'
import { memory, start } from './footprint.js'
import { goalsOf } from './goals.js'
import { offsets, walk } from './lists.js'
import { findGenerator } from './load.js'
import { onDatabase } from '../helpers/own-postgres.js'
import { hasRoomFor, openServer } from './postgres.js'
import { goalsTable, machine, type Result, rowsTable, writeJson } from './report.js'
import type { Row } from './rounds.js'
import { type Bench, comparisons, type Fact, type Scenario } from './scenarios.js'
import { loadSettings, type Settings } from './settings.js'
import { prepare } from './stage.js'

const scenarios: Readonly<Record<string, Scenario>> = {
  ...comparisons,
  offsets,
  walk,
  create,
  'read-while-creating': readWhileCreating,
  memory,
  start,
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function measure(bench: Bench, { scenarios: wanted }: Settings): Promise<Result> {
  const rows: Row[] = []
  const facts: Fact[] = []
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (wanted && !wanted.has(name)) continue
    const found = await scenario(bench)
    rows.push(...(found.rows ?? []))
    facts.push(...(found.facts ?? []))
    if (found.rows && found.rows.length > 0) say(`\n${rowsTable(found.rows)}`)
    for (const { name, value, unit } of found.facts ?? []) say(`\n${name}: ${value.toFixed(0)} ${unit}`)
  }
  await requireRightCounts(bench.db)
  const users = bench.dataset.big.size
  const goals = goalsOf(users, rows, facts)
  if (goals.length > 0) say(`\n${goalsTable(goals)}`)
  return { users, rows, facts, goals }
}

/** The version of the server, and its settings that are not the defaults. */
async function describe(postgres: string): Promise<unknown> {
  const version = await onDatabase(postgres, 'select version()')
  const changed = await onDatabase(
    postgres,
    `select name, setting, unit from pg_settings where source in ('command line', 'configuration file') order by name`,
  )
  return { ...version.rows[0], changed: changed.rows }
}

async function main(cleanups: Cleanups): Promise<void> {
  const settings = loadSettings(Object.keys(scenarios))
  const { rounds, seconds, connections, databaseUrl, json } = settings
  const generator = await findGenerator(settings.generator)
  const postgres = await openServer(databaseUrl)
  cleanups.add(postgres.stop)
  const ran = { generator: generator.name, rounds, seconds }
  const about = { machine: machine(), postgres: await describe(postgres.url), ...ran }
  const results: Result[] = []
  for (const users of settings.users) {
    const how = `${String(rounds)} rounds of ${String(seconds)} s, ${generator.name}`
    say(`\n== ${users.toLocaleString('en')} users, ${how} ==`)
    if (databaseUrl === undefined && !hasRoomFor(users)) {
      say('Not run: the disk has no room for them.')
      continue
    }
    const staged = new Cleanups()
    cleanups.add(() => staged.run())
    const stage = await prepare(postgres.url, users, staged)
    const bench = { ...stage, rounds, seconds, connections, generate: generator.load, binaries: postgres.binaries }
    results.push(await measure(bench, settings))
    await staged.run()
    writeJson(json, { ...about, results })
  }
  say(`\nAll answers were right. Each round is in ${json}`)
}

await runWithCleanups(main)
