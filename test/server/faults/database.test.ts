import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { openDatabase } from '../../../src/db/database.js'
import { migrate } from '../../../src/db/migrate.js'
import { createEnterprise } from '../../../src/users/enterprise.js'
import { type Asked, asker, faultsOf503 } from '../../helpers/ask.js'
import { testConfig } from '../../helpers/database.js'
import { onDatabase, ownPostgres } from '../../helpers/own-postgres.js'
import { serveProcess } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

/** What a request may take, by the setting, and what an answer may be late on a machine that does other things too. */
const DEADLINE_MS = 600
const LATE_MS = 900
const RECOVERY_MS = 2000

const postgres = await ownPostgres((gone) => t.teardown(gone), { max_connections: '30' })
const store = { DATABASE_URL: postgres.url }
const db = openDatabase(testConfig(store))
await migrate(db)
const { api_key, user_id } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
await db.destroy()

const served = serveProcess(t, store, {
  ROSTER_DEADLINE_MS: String(DEADLINE_MS),
  ROSTER_CONNECT_MS: '400',
  ROSTER_STATEMENT_MS: '500',
  ROSTER_LOCK_MS: '400',
})
const ask = asker(await served.listening, api_key)
const SELF = `/user/${String(user_id)}/`

let names = 0
const create = (): Promise<Asked> => ask('POST', '/user/', { username: `user-${String(++names)}`, profile: {} })
const change = (): Promise<Asked> => ask('PATCH', SELF, { first_name: `Alice ${String(++names)}` })
const read = (): Promise<Asked> => ask('GET', SELF)

/** Requests of every kind, some of them on connections that are new. */
const all = (): Promise<Asked[]> =>
  Promise.all([read(), read(), create(), change(), ask('GET', '/user/'), ask('GET', '/user_info/'), ask('DELETE', '/user/999/')])

async function isFine(t: Test): Promise<void> {
  const statuses = (await all()).map(({ status }) => status)
  t.strictSame(statuses, [200, 200, 201, 200, 200, 200, 404])
}

/** All of them are 503 in time, as the contract says it. */
function isRefused(t: Test, answers: readonly Asked[], boundMs = DEADLINE_MS): void {
  t.strictSame(answers.flatMap(faultsOf503), [], 'each is 503 with Retry-After and the Error body')
  t.strictSame(answers.filter(({ tookMs }) => tookMs > boundMs + LATE_MS).map(({ tookMs }) => tookMs), [], 'within the deadline')
}

/** Two seconds after the database is back at the latest, everything is answered again, by the same process. */
async function recovers(t: Test): Promise<void> {
  const since = performance.now()
  const works = async (ask: () => Promise<Asked>, status: number): Promise<void> => {
    for (;;) {
      const answer = await ask()
      if (answer.status === status) return
      if (faultsOf503(answer).length > 0) throw new Error(`answered ${String(answer.status)}`)
      if (performance.now() - since > 3 * RECOVERY_MS) throw new Error('it does not come back')
      await delay(20)
    }
  }
  await Promise.all([works(read, 200), works(create, 201), works(change, 200)])
  const tookMs = performance.now() - since
  t.comment(`recovered in ${tookMs.toFixed(0)} ms`)
  t.ok(tookMs < RECOVERY_MS, `recovered in ${tookMs.toFixed(0)} ms`)
  await isFine(t)
  t.equal(served.child.exitCode, null, 'the process is the same')
}

/** Goes on asking until told to stop. */
function keepAsking(ask: () => Promise<Asked>): () => Promise<Asked[]> {
  const answers: Asked[] = []
  let goesOn = true
  const client = async (): Promise<void> => {
    while (goesOn) answers.push(await ask())
  }
  const clients = Promise.all(Array.from({ length: 4 }, client))
  return async () => {
    goesOn = false
    await clients
    return answers
  }
}

await isFine(t)

t.test('stopped, and started again', async (t) => {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    await postgres.stop(signal)
    isRefused(t, await all())
    isRefused(t, await all())
    await postgres.launch()
    await recovers(t)
  }
})

t.test('paused in its tracks: nothing hangs, and it goes on when the database does', async (t) => {
  await postgres.signalAll('SIGSTOP')
  const answers = [await all(), await all(), await all()].flat()
  await postgres.signalAll('SIGCONT')
  isRefused(t, answers)
  await recovers(t)
})

t.test('restarted under load', async (t) => {
  const stop = keepAsking(() => (names % 3 === 0 ? read() : create()))
  await delay(200)
  await postgres.stop('SIGINT')
  await postgres.launch()
  await recovers(t)
  const answers = await stop()
  const refused = answers.filter(({ status }) => status !== 200 && status !== 201)
  t.ok(refused.length > 0 && refused.length < answers.length)
  isRefused(t, refused)
})

t.test('connections that are cut in mid-query', async (t) => {
  const CUT = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'roster'`
  // What waits for this lock is in mid-query.
  const other = openDatabase(testConfig(store))
  const lock = await other.startTransaction().execute()
  await lock.selectFrom('user_account').select('id').where('id', '=', user_id).forUpdate().execute()
  const writing = Promise.all([change(), change()])
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`
  while ((await onDatabase(postgres.url, waiting)).rowCount === 0) await delay(10)
  await onDatabase(postgres.url, `${CUT} and wait_event_type = 'Lock'`)
  isRefused(t, (await writing).slice(0, 2))
  await lock.rollback().execute()
  await other.destroy()
  await recovers(t)

  const stop = keepAsking(read)
  for (let cut = 0; cut < 10; cut++) {
    await onDatabase(postgres.url, CUT)
    await delay(20)
  }
  const refused = (await stop()).filter(({ status }) => status !== 200)
  isRefused(t, refused)
  await recovers(t)
})

t.test('read-only: reads go on, writes are 503', async (t) => {
  const set = async (value: string) => {
    await onDatabase(postgres.url, `alter system set default_transaction_read_only = ${value}`)
    await onDatabase(postgres.url, 'select pg_reload_conf()')
    await delay(100)
  }
  await set('on')
  isRefused(t, await Promise.all([create(), change(), create()]))
  t.strictSame((await Promise.all([read(), ask('GET', '/user/')])).map(({ status }) => status), [200, 200])
  await set('off')
  await recovers(t)
})

t.test('out of connections', async (t) => {
  await onDatabase(postgres.url, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'roster'`)
  // As superuser one may take those that are reserved as well.
  const hogs = []
  const hog = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '40' }))
  for (let free = true; free; ) {
    const transaction = await hog.startTransaction().execute().catch(() => undefined)
    if (transaction === undefined) free = false
    else hogs.push(transaction)
  }
  t.ok(hogs.length > 20)
  isRefused(t, await all())
  await Promise.all(hogs.map((one) => one.rollback().execute()))
  await hog.destroy()
  await recovers(t)
})

t.test('what a statement waits for is bounded, and reads go on beside writes that are stuck', async (t) => {
  const other = openDatabase(testConfig(store))
  const lock = await other.startTransaction().execute()
  await lock.selectFrom('user_account').select('id').where('id', '=', user_id).forUpdate().execute()
  const writing = Promise.all(Array.from({ length: 40 }, change))
  await delay(100)
  const reads = await Promise.all(Array.from({ length: 20 }, read))
  t.ok(reads.every(({ status, tookMs }) => status === 200 && tookMs < 300), 'no read waits for them')
  isRefused(t, await writing)
  await lock.rollback().execute()
  await other.destroy()
  await recovers(t)
})
