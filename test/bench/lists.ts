import type { Server } from './servers.js'
import { headersOf, listUsers } from './asks.js'
import type { Enterprise } from './fill.js'
import type { Measurement } from './load.js'
import { interleave, median, rowOf } from './rounds.js'
import { driven, type Scenario } from './scenarios.js'

const positions: Readonly<Record<string, (size: number) => number>> = {
  first: () => 0,
  middle: (size) => Math.floor(size / 2),
  last: (size) => size - 20,
}

/** Pages of 20 at the beginning, the middle and the end, of the big enterprise and of one of 1,000 users. */
export const offsets: Scenario = async (bench) => {
  const { big, thousand } = bench.dataset
  const contenders = Object.entries(positions).flatMap(([where, offset]) =>
    Object.entries({ thousand, big }).map(([which, enterprise]) => ({
      ...driven(bench, bench.servers.roster, 1, () => listUsers(enterprise, 20, Math.max(0, offset(enterprise.size)))),
      name: `roster, ${which}, ${where}`,
    })),
  )
  return { rows: await interleave({ scenario: 'offsets', connections: 1 }, contenders, bench) }
}

const PAGE = 250

interface Page {
  readonly count: number
  readonly next: string | null
  readonly results: readonly { readonly id: number }[]
}

/** Follows the links from the first page on. Returns how long each page took, in milliseconds. */
async function walkPages(server: Server, enterprise: Enterprise, most: number): Promise<number[]> {
  const [ask] = listUsers(enterprise, PAGE, 0)
  const times: number[] = []
  let url: string | null = `http://127.0.0.1:${String(server.port)}${ask!.path}`
  let id = enterprise.first
  while (url !== null && times.length < most) {
    const began = performance.now()
    const response = await fetch(url, { headers: headersOf(ask!) })
    const page = (await response.json()) as Page
    times.push(performance.now() - began)
    if (response.status !== 200 || page.count !== enterprise.size) throw new Error(`${url}: ${JSON.stringify(page)}`)
    for (const user of page.results) {
      if (user.id !== id) throw new Error(`${url}: the user ${String(user.id)} where ${String(id)} comes next`)
      id += 1
    }
    url = page.next
  }
  if (url === null && id !== enterprise.first + enterprise.size) throw new Error('the walk ended before the last user')
  return times
}

function measurementOf(times: readonly number[]): Measurement {
  const total = times.reduce((sum, time) => sum + time, 0)
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]
  return { requestsPerSecond: times.length / (total / 1000), p50: median(times), p99 }
}

const WARM_UP_PAGES = 200

/** One client that reads all users in pages of 250, by the links. */
export const walk: Scenario = async ({ dataset: { big }, servers: { roster }, rounds }) => {
  await walkPages(roster, big, WARM_UP_PAGES)
  const halves: Record<'first half' | 'second half', Measurement[]> = { 'first half': [], 'second half': [] }
  for (let round = 0; round < rounds; round++) {
    const times = await walkPages(roster, big, Infinity)
    const middle = Math.ceil(times.length / 2)
    halves['first half'].push(measurementOf(times.slice(0, middle)))
    // With one page, it is both halves.
    halves['second half'].push(measurementOf(times.slice(Math.min(middle, times.length - 1))))
  }
  const rows = Object.entries(halves).map(([half, found]) =>
    rowOf({ scenario: 'walk', connections: 1, target: `roster, ${half}` }, found),
  )
  return { rows }
}
