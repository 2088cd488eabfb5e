import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { type Ask, headersOf, oneOf, type Shown } from './asks.js'
import type { LoadGenerator, LoadMeasurement } from './load.js'
import type { Server } from './servers.js'
import { constantUser, type EnterpriseRow, pageOf, type UserRow, userOf } from './yardsticks/answers.js'
import { statements } from './yardsticks/statements.js'

/** A request whose answer is known beforehand. */
type Readable = Ask & { readonly shown: Shown }

/** Says what the body of the answer to a request must be. */
export type Expect = (ask: Readable, origin: string) => Promise<unknown>

const hasShown = (ask: Ask): ask is Readable => ask.shown !== undefined

/** What the database says. A page is found by its first id, since ids have no gaps: the offset is what is tested. */
export function fromDatabase(pool: pg.Pool): Expect {
  const after = {
    name: 'after',
    text: statements.page.text.replace('order by', 'and u.id >= $3 order by').replace('offset $3', ''),
  }
  return async ({ caller, shown }, origin) => {
    const key = [caller.enterprise_id, Buffer.from(caller.hash, 'hex')]
    const enterprise = (await pool.query<EnterpriseRow>({ ...statements.key, values: key })).rows[0]!
    if ('user' in shown) {
      const { rows } = await pool.query<UserRow>({ ...statements.user, values: [caller.enterprise_id, shown.user] })
      return userOf(rows[0]!, enterprise, shown.token)
    }
    const { limit, offset, enterprise: of } = shown
    const { rows } = await pool.query<UserRow>({ ...after, values: [of.id, limit, of.first + offset] })
    return pageOf(origin, { limit, offset, count: of.size }, rows.map((row) => userOf(row, enterprise)))
  }
}

/** What `hello` says. */
export const constant: Expect = async () => constantUser

/** Characters of a body that an error repeats: a page has many. */
const SHOWN = 1000

async function check(server: Server, ask: Readable): Promise<void> {
  const origin = `http://127.0.0.1:${String(server.port)}`
  const response = await fetch(origin + ask.path, { headers: headersOf(ask) })
  const [answer, right] = [await response.text(), JSON.stringify(await server.expect(ask, origin))]
  if (response.status === 200 && isDeepStrictEqual(JSON.parse(answer), JSON.parse(right))) return
  const which = `${server.name}: ${ask.method} ${ask.path}`
  const shown = [answer, right].map((text) => text.slice(0, SHOWN)) as [string, string]
  throw new Error(`${which}: the answer is ${String(response.status)}\n${shown[0]}\nand not 200\n${shown[1]}`)
}

/** Requests that are sent at once to compare their answers, since answers may be mixed up only among many. */
const AT_ONCE = 64

/** How often an answer is compared while the load is on. */
const PAUSE_MS = 100

/**
 * Sends requests at once, and compares their answers.
 *
 * @throws when an answer is wrong or not 200
 */
export async function checkAnswers(server: Server, asks: readonly Ask[]): Promise<void> {
  await Promise.all(asks.filter(hasShown).map((ask) => check(server, ask)))
}

/**
 * Drives a server, and compares answers with what they must be: many at once before and after, and one from time to
 * time meanwhile.
 *
 * @throws when an answer is wrong or not 2xx
 */
export async function checkedLoad(
  server: Server,
  generate: LoadGenerator,
  load: Parameters<LoadGenerator>[1],
): Promise<LoadMeasurement> {
  const readable = load.asks.filter(hasShown)
  const some = () => (readable.length > 0 ? Array.from({ length: AT_ONCE }, () => oneOf(readable)) : [])
  await checkAnswers(server, some())
  const underLoad = generate(server.port, load)
  let over = false
  const watch = async (): Promise<void> => {
    while (!over && readable.length > 0) {
      await check(server, oneOf(readable))
      await sleep(PAUSE_MS)
    }
  }
  // Whichever fails, the load has ended before anything is taken away from under it.
  const [measurement, watched] = await Promise.allSettled([underLoad.finally(() => (over = true)), watch()])
  if (measurement.status === 'rejected') throw measurement.reason
  if (watched.status === 'rejected') throw watched.reason
  await checkAnswers(server, some())
  return measurement.value
}
