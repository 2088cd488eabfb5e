import { type Kysely, sql, type Transaction } from 'kysely'
import { inTransaction, openDatabase } from '../../../src/db/database.js'
import { isUnavailable } from '../../../src/db/failures.js'
import type { Database } from '../../../src/db/schema.js'
import { freshDatabase, testConfig } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { db, store } = await freshDatabase(t)
await sql`create table counter (id integer primary key, n integer not null)`.execute(db)
await sql`insert into counter values (1, 0), (2, 0)`.execute(db)

const add = (on: Kysely<Database>, id: number) => sql`update counter set n = n + 1 where id = ${id}`.execute(on)
const counters = async () => (await sql<{ n: number }>`select n from counter order by id`.execute(db)).rows.map(({ n }) => n)
const codeOf = (error: unknown) => (error as { code?: string }).code

t.test('inTransaction', async (t) => {
  await t.test('a real deadlock: the one that was given up runs again, and both are done', async (t) => {
    let attempts = 0
    let arrived = 0
    let meet = (): void => undefined
    const met = new Promise<void>((resolve) => (meet = resolve))
    const both = (first: number, second: number) => async (trx: Transaction<Database>) => {
      attempts++
      await add(trx, first)
      if (++arrived === 2) meet()
      await met
      await add(trx, second)
    }
    await Promise.all([inTransaction(db, both(1, 2)), inTransaction(db, both(2, 1))])
    t.ok(attempts >= 3, 'two, and at least one of them again')
    t.strictSame(await counters(), [2, 2])
  })

  await t.test('a serialization failure: runs again', async (t) => {
    let attempts = 0
    const n = await inTransaction(db, async (trx) => {
      await sql`set transaction isolation level repeatable read`.execute(trx)
      await sql`select * from counter`.execute(trx)
      if (++attempts === 1) await add(db, 1)
      await add(trx, 1)
      return (await sql<{ n: number }>`select n from counter where id = 1`.execute(trx)).rows[0]?.n
    })
    t.strictSame([attempts, n], [2, 4])
  })

  const failing = (state: string) => {
    let attempts = 0
    const done = inTransaction(db, async (trx) => {
      attempts++
      await add(trx, 2)
      await sql.raw(`do $$ begin raise exception 'no' using errcode = '${state}'; end $$`).execute(trx)
    })
    return done.then(() => undefined, (error: unknown) => [codeOf(error), attempts])
  }
  await t.test('gives up after three; what is no conflict is not tried again; nothing stays', async (t) => {
    const before = await counters()
    for (const state of ['40001', '40P01']) t.strictSame(await failing(state), [state, 3])
    for (const state of ['23505', '57014', 'P0001']) t.strictSame(await failing(state), [state, 1])
    await t.rejects(inTransaction(db, async () => { throw new Error('ours') }), { message: 'ours' })
    t.strictSame(await counters(), before)
  })
})

t.test('int8 arrives as a number with all its digits, the other types as ever', async (t) => {
  const { rows } = await sql`select 9007199254740991::int8 as a, 1::int4 as b, '{x,y}'::text[] as c, true as d, null::int8 as e`.execute(db)
  t.strictSame(rows, [{ a: Number.MAX_SAFE_INTEGER, b: 1, c: ['x', 'y'], d: true, e: null }])
})

t.test('the settings of the session are those of the configuration', async (t) => {
  const other = openDatabase(testConfig(store, { ROSTER_STATEMENT_MS: '1234', ROSTER_LOCK_MS: '567', ROSTER_POOL_SIZE: '2' }))
  const { rows } = await sql`
    select current_setting('statement_timeout') as s, current_setting('lock_timeout') as l,
      current_setting('idle_in_transaction_session_timeout') as i, current_setting('application_name') as a`.execute(other)
  t.strictSame(rows, [{ s: '1234ms', l: '567ms', i: '1234ms', a: 'roster' }])
  const pids = await Promise.all(Array.from({ length: 6 }, async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.05)`.execute(other)).rows[0]?.pid))
  t.equal(new Set(pids).size, 2, 'no more connections than the pool has')
  await other.destroy()
})

t.test('statements are prepared, so many and no more, or not at all', async (t) => {
  const prepared = async (on: Kysely<Database>) =>
    (await sql<{ n: number }>`select count(*)::int as n from pg_prepared_statements where statement <> ${''}`.execute(on)).rows[0]!.n
  const one = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '1' }))
  for (let i = 0; i < 250; i++) await sql`select ${i}::int as ${sql.ref(`n${String(i % 240)}`)}`.execute(one)
  t.equal(await prepared(one), 200)
  t.strictSame((await sql`select ${7}::int as n239`.execute(one)).rows, [{ n239: 7 }], 'the others run all the same')
  await one.destroy()
  const none = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '1', ROSTER_PREPARE: 'off' }))
  await prepared(none)
  t.equal(await prepared(none), 0)
  await none.destroy()
})

t.test('a pool survives its connections', async (t) => {
  const pool = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '3' }))
  t.teardown(() => pool.destroy())
  const pid = async (on: Kysely<Database>) => (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(on)).rows[0]!.pid
  const fill = () => Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.02)`.execute(pool)))
  const settle = () => new Promise((resolve) => setTimeout(resolve, 250))
  // Of the pool's connections only: those of `db` go on.
  const terminate = async (like: string) => {
    const own = (await sql<{ pid: number }>`select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state like ${like}`.execute(db)).rows
    for (const { pid: one } of own) await sql`select pg_terminate_backend(${one})`.execute(db)
    await settle()
    return own.length
  }

  await t.test('terminated while idle', async (t) => {
    await fill()
    t.ok(await terminate('idle') >= 3)
    await fill()
    t.ok(await pid(pool))
  })
  await t.test('terminated in mid-query: that query fails, as unavailable, and no other', async (t) => {
    const asleep = sql`select pg_sleep(5)`.execute(pool).then(() => undefined, (error: unknown) => error)
    await settle()
    t.equal(await terminate('active'), 1)
    t.ok(isUnavailable(await asleep))
    for (let i = 0; i < 6; i++) t.ok(await pid(pool))
  })
  await t.test('terminated in a transaction: it fails, as unavailable, nothing of it stays, and the next one works', async (t) => {
    const before = await counters()
    let runs = 0
    const error = await inTransaction(pool, async (trx) => {
      runs++
      await add(trx, 1)
      t.equal(await terminate('idle in transaction'), 1)
      await add(trx, 1)
    }).then(() => undefined, (reason: unknown) => reason)
    t.ok(isUnavailable(error), String(error))
    t.equal(runs, 1)
    t.strictSame(await counters(), before)
    await inTransaction(pool, (trx) => add(trx, 1))
    t.strictSame(await counters(), [before[0]! + 1, before[1]])
  })
  await t.test('a statement that is cancelled leaves its connection in order', async (t) => {
    const short = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '1', ROSTER_STATEMENT_MS: '50' }))
    const first = await pid(short)
    await t.rejects(sql`select pg_sleep(5)`.execute(short), { code: '57014' })
    t.equal(await pid(short), first)
    await short.destroy()
  })
})

t.test('a connection on which nothing moves is ended after the limit of a statement and a second', async (t) => {
  // Without limits of the session only this side watches.
  const pool = openDatabase(testConfig(store, { ROSTER_STATEMENT_MS: '100', ROSTER_SESSION_LIMITS: 'off' }))
  t.teardown(() => pool.destroy())
  const since = performance.now()
  const error = await sql`select pg_sleep(5)`.execute(pool).catch((error: unknown) => error)
  t.ok(isUnavailable(error))
  t.ok(performance.now() - since < 2500)
  t.strictSame((await sql`select 1 as one`.execute(pool)).rows, [{ one: 1 }], 'and another one takes its place')
})
