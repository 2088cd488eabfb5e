import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import argon2 from 'argon2'
import { nameKey } from '../../src/names.js'
import { createUsers, getUser, getUsers } from './asks.js'
import { checkAnswers, checkedLoad } from './check.js'
import type { LoadMeasurement } from './load.js'
import { run } from './processes.js'
import { type Contender, interleave, type Row } from './rounds.js'
import { type Bench, driven, type Scenario } from './scenarios.js'

/** The newest users of the enterprise that grows, and how many it has. */
async function newest({ db, dataset: { growing } }: Bench) {
  const users = db.selectFrom('user_account').where('enterprise_id', '=', growing.id)
  const { count } = await users.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  const columns = ['id', 'username', 'username_key', 'email', 'email_key', 'password_hash'] as const
  return { count, rows: await users.select(columns).orderBy('id', 'desc').limit(10).execute() }
}

const SETTLED_MS = 500

/** Waits until what was sent by connections that are closed by now is written too. */
async function settled(bench: Bench): ReturnType<typeof newest> {
  const before = await newest(bench)
  await sleep(SETTLED_MS)
  const now = await newest(bench)
  return now.count === before.count ? now : settled(bench)
}

interface Creating {
  readonly connections: number
  readonly passwords: boolean
}

/** Looks at what creates have left: as many users as were answered, as they were sent, and shown so by the server. */
async function requireCreated(
  bench: Bench,
  before: number,
  answered: number,
  { connections, passwords }: Creating,
): Promise<void> {
  const { count, rows } = await settled(bench)
  const made = count - before
  if (made < answered || made > answered + connections) {
    throw new Error(`${String(answered)} creates were answered, and ${String(made)} users were made`)
  }
  for (const { username, username_key, email, email_key, password_hash } of rows.slice(0, made)) {
    const number = /^made\.[0-9a-f]{8}\.(\d{10})$/.exec(username)?.[1]
    const right =
      email === `${username}@growing.example` &&
      username_key === nameKey(username) &&
      email_key === nameKey(email) &&
      (passwords
        ? await argon2.verify(String(password_hash), `a long passphrase of ${String(number)}`)
        : password_hash === null)
    if (!right) throw new Error(`${username} was not made as it was sent`)
  }
  const { growing } = bench.dataset
  await checkAnswers(bench.servers.roster, rows.map(({ id }) => getUser(growing.callers[0]!, id)))
}

/** Creates users for some seconds. */
async function createFor(bench: Bench, creating: Creating, seconds: number): Promise<LoadMeasurement> {
  const { count } = await settled(bench)
  const { connections } = creating
  const asks = createUsers(bench.dataset.growing, creating)
  const measurement = await checkedLoad(bench.servers.roster, bench.generate, { connections, seconds, asks })
  await requireCreated(bench, count, measurement.requests, creating)
  return measurement
}

const rawHashes: Contender = {
  name: 'argon2',
  measure: async (seconds) => {
    const file = path.resolve('dist/test/bench/yardsticks/argon2.js')
    return JSON.parse(await run(process.execPath, [file, String(seconds)])) as Row
  },
}

/** V8 compiles what was called some thousand times: so long without passwords. What passwords alone ask for needs as long again. */
const WARM_UP_SECONDS = 20

/** Creates with passwords, next to the hashes alone. */
export const create: Scenario = async (bench) => {
  const rows: Row[] = []
  for (const passwords of [false, true]) await createFor(bench, { connections: 16, passwords }, WARM_UP_SECONDS)
  for (const connections of bench.connections.filter((many) => many === 16 || many === 64)) {
    const roster = { name: 'roster', measure: (seconds: number) => createFor(bench, { connections, passwords: true }, seconds) }
    rows.push(...(await interleave({ scenario: 'create', connections }, [roster, rawHashes], bench)))
  }
  return { rows }
}

const CREATORS = 4
/** Creates begin before the reads and end after them. */
const MARGIN_SECONDS = 1

/** Reads at 16 connections, while nobody creates and while four clients do. */
export const readWhileCreating: Scenario = async (bench) => {
  const reads = driven(bench, bench.servers.roster, 16, () => getUsers(bench.dataset.big))
  const quiet = { ...reads, name: 'roster, nobody creating' }
  const busy: Contender = {
    name: 'roster, 4 creating',
    measure: async (seconds) => {
      const creates = createFor(bench, { connections: CREATORS, passwords: true }, seconds + 3 * MARGIN_SECONDS)
      const read = async () => {
        await sleep(MARGIN_SECONDS * 1000)
        return reads.measure(seconds)
      }
      const [measurement] = await Promise.all([read(), creates])
      return measurement
    },
  }
  return { rows: await interleave({ scenario: 'read-while-creating', connections: 16 }, [quiet, busy], bench) }
}
