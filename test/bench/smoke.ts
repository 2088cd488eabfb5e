import { listUsers } from './asks.js'
import { type Cleanups, runWithCleanups } from './cleanups.js'
import { type Goal, goal } from './goals.js'
import { findGenerator } from './load.js'
import { goalsTable, rowsTable } from './report.js'
import { interleave, ratioOf } from './rounds.js'
import { deepOffset, driven, getById } from './scenarios.js'
import { smokeServer } from './settings.js'
import { prepare, type Stage } from './stage.js'

/** Small, and large enough that an offset that is counted off shows. */
const USERS = 50_000
const CONNECTIONS = { reads: 64, pages: 16 } as const

/** A measurement that another user of the machine has spoilt is made again; a server that has lost its speed has lost it twice. */
const ATTEMPTS = 2

async function measure(stage: Stage): Promise<Goal[]> {
  const { load } = await findGenerator(undefined)
  const how = { rounds: 3, seconds: 2, connections: [CONNECTIONS.reads] }
  const bench = { ...stage, ...how, generate: load, binaries: undefined }
  const { big } = stage.dataset
  const reads = (await getById(['roster', 'bare'])(bench)).rows ?? []
  const page = (name: string, offset: number) => ({
    ...driven(bench, stage.servers.roster, CONNECTIONS.pages, () => listUsers(big, 20, offset)),
    name,
  })
  const pages = await interleave(
    { scenario: 'pages of 20', connections: CONNECTIONS.pages },
    [page('first', 0), page('deep', deepOffset(big))],
    { ...bench, seconds: 1 },
  )
  const goals = [
    ...goal('get-by-id: x bare', { least: 2 }, ratioOf(reads, 'requestsPerSecond', 'roster', 'bare')),
    ...goal('deep page: p50 x the first', { most: 3 }, ratioOf(pages, 'p50', 'deep', 'first')),
  ]
  process.stdout.write(`${rowsTable([...reads, ...pages])}\n\n${goalsTable(goals)}\n`)
  return goals
}

await runWithCleanups(async (cleanups: Cleanups) => {
  const stage = await prepare(smokeServer(), USERS, cleanups)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const goals = await measure(stage)
    if (goals.length === 2 && goals.every(({ met }) => met)) return
  }
  throw new Error('The server has lost its speed.')
})
