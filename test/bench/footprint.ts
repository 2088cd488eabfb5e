import path from 'node:path'
import { getUsers, listUsers } from './asks.js'
import { checkedLoad, fromDatabase } from './check.js'
import { fill, openForFilling } from './fill.js'
import { inFolder } from './folders.js'
import { memoryOf } from './processes.js'
import { median } from './rounds.js'
import type { Fact, Scenario } from './scenarios.js'
import { type Launched, launchRoster, startRoster } from './servers.js'

const CONNECTIONS = 256

/** The most memory that a server of its own has had: after reads, and after lists as well. */
export const memory: Scenario = async ({ dataset: { big }, url, pool, generate, rounds, seconds }) => {
  const server = await startRoster({ DATABASE_URL: url }, big.callers[0]!, fromDatabase(pool))
  const facts: Fact[] = []
  try {
    const loads = {
      'memory at 256 connections': () => getUsers(big),
      'memory at 256 connections, after pages of 20': () => listUsers(big, 20, 0),
    }
    for (const [name, asks] of Object.entries(loads)) {
      for (let round = 0; round < rounds; round++) {
        await checkedLoad(server, generate, { connections: CONNECTIONS, seconds, asks: asks() })
      }
      const used = memoryOf(server.pid)
      if (used !== undefined) facts.push({ name, value: used.most, unit: 'MB' })
    }
  } finally {
    await server.stop()
  }
  return { facts }
}

/** Filling the embedded store with more takes minutes, and how long it takes to open does not depend on it. */
const MOST_EMBEDDED = 100_000

async function medianStart(launch: () => Promise<Launched>, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const server = await launch()
    times.push(server.startedInMs)
    await server.stop()
  }
  return median(times)
}

/** From the start of the process to its first answer of 200, on Postgres and embedded, with a store that is filled. */
export const start: Scenario = async ({ dataset: { big }, url, rounds }) => {
  const onPostgres = await medianStart(() => launchRoster({ DATABASE_URL: url }, big.callers[0]!), rounds)
  const embedded = await inFolder(async (folder) => {
    const store = { ROSTER_DATA: path.join(folder, '.roster') }
    const db = openForFilling(store)
    const filled = await fill(db, Math.min(big.size, MOST_EMBEDDED)).finally(() => db.destroy())
    return medianStart(() => launchRoster(store, filled.big.callers[0]!), rounds)
  })
  return {
    facts: [
      { name: 'start on Postgres', value: onPostgres, unit: 'ms' },
      { name: 'start embedded, filled', value: embedded, unit: 'ms' },
    ],
  }
}
