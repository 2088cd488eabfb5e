import { listUsers } from './asks.js'
import { type Cleanups, runWithCleanups } from './cleanups.js'
import { goal } from './goals.js'
import { findGenerator } from './load.js'
import { goalsTable, rowsTable } from './report.js'
import { interleave, ratioOf } from './rounds.js'
import { deepOffset, driven, getById } from './scenarios.js'
import { smokeServer } from './settings.js'
import { prepare } from './stage.js'

/** Small, and large enough that an offset that is counted off shows. */
const USERS = 100_000
const CONNECTIONS = { reads: 64, pages: 16 } as const

async function smoke(cleanups: Cleanups): Promise<void> {
  const stage = await prepare(smokeServer(), USERS, cleanups)
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
  if (goals.length < 2 || goals.some(({ met }) => !met)) throw new Error('The server has lost its speed.')
}

await runWithCleanups(smoke)
