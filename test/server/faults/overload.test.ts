import { setTimeout as delay } from 'node:timers/promises'
import { buildApp } from '../../../src/app.js'
import { makePasswords } from '../../../src/auth/passwords.js'
import { inTransaction, openDatabase } from '../../../src/db/database.js'
import { shed } from '../../../src/overload.js'
import { memoryOf } from '../../bench/processes.js'
import { type Asked, asker, faultsOf503 } from '../../helpers/ask.js'
import { testConfig } from '../../helpers/database.js'
import { makeDirectory } from '../../helpers/directory.js'
import { catchLog } from '../../helpers/log.js'
import { serveProcess } from '../../helpers/process.js'
import { connect, listen, wireText } from '../../helpers/raw.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { db, store, superuser, admin, create } = await makeDirectory(t)

/** Locks a user's row until the returned function is called. */
async function lockRow(id: number): Promise<() => Promise<void>> {
  const lock = await db.startTransaction().execute()
  await lock.selectFrom('user_account').select('id').where('id', '=', id).forUpdate().execute()
  return async () => {
    await lock.rollback().execute()
  }
}

t.test('at ten times the load that it can serve, creates are shed at once, reads go on, and memory stays as it is', async (t) => {
  const served = serveProcess(t, store, {
    ROSTER_HASH_CONCURRENCY: '1',
    ROSTER_HASH_QUEUE: '3',
    ROSTER_ARGON2_MEMORY_KIB: '4096',
    ROSTER_ARGON2_PASSES: '40',
  })
  const ask = asker(await served.listening, superuser)
  let number = 0
  const post = () => ask('POST', '/user/', { username: `load-${String(++number)}`, password: 'a long and good one', profile: {} })
  const read = () => ask('GET', `/user/${String(admin.id)}/`)
  const alone: Asked[] = []
  for (let i = 0; i < 4; i++) alone.push(await post())
  const oneMs = Math.min(...alone.map(({ tookMs }) => tookMs))
  for (let i = 0; i < 50; i++) await read()
  const before = memoryOf(served.child.pid!)!.now

  const creates: Promise<Asked>[] = []
  const reads: Promise<Asked>[] = []
  // So long that a machine which stands still for half a second is no tenth of it.
  const end = performance.now() + 6000
  while (performance.now() < end) {
    creates.push(post())
    reads.push(read())
    await delay(oneMs / 10)
  }
  const [created, found] = [await Promise.all(creates), await Promise.all(reads)]
  const grown = memoryOf(served.child.pid!)!.most - before
  const refused = created.filter(({ status }) => status !== 201)
  t.comment(
    `${String(created.length)} creates, ${String(refused.length)} shed, ${grown.toFixed(0)} MB more; ` +
      `a shed one took ${Math.max(...refused.map(({ tookMs }) => tookMs)).toFixed(0)} ms at most`,
  )
  t.strictSame(refused.flatMap(faultsOf503), [], 'created, or 503 as the contract says it')
  t.ok(refused.length > created.length / 2 && refused.length < created.length)
  const sorted = refused.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  t.ok(sorted[Math.floor(sorted.length * 0.9)]! < 300, 'shed at once')
  t.strictSame(found.filter(({ status }) => status !== 200), [], 'every read is answered')
  t.ok(found.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[Math.floor(found.length / 2)]! < 300, 'and soon')
  t.ok(grown < 80, `${grown.toFixed(0)} MB more`)
  t.equal((await post()).status, 201, 'afterwards all is as before')
})

t.test('writes that wait for a connection are bounded, and leave connections to reads', async (t) => {
  const config = testConfig(store, { ROSTER_POOL_SIZE: '2', ROSTER_DATABASE_QUEUE: '3' })
  const own = openDatabase(config)
  const app = await buildApp(config, { db: own, passwords: makePasswords(config) })
  t.teardown(async () => {
    await app.close()
    await own.destroy()
  })
  const ask = asker(`http://127.0.0.1:${String(await listen(app))}`, superuser)
  const free = await lockRow(admin.id)
  const before = shed.writes
  const writes = Array.from({ length: 10 }, (_, i) => ask('PATCH', `/user/${String(admin.id)}/`, { first_name: `Adam ${String(i)}` }))
  for (let look = 0; look < 250 && shed.writes < before + 6; look++) await delay(20)
  t.equal(shed.writes, before + 6, 'one runs, three wait')
  t.equal((await ask('GET', '/user/')).status, 200, 'reads go on')
  await free()
  const answers = await Promise.all(writes)
  t.equal(answers.filter(({ status }) => status === 200).length, 4)
  t.strictSame(answers.filter(({ status }) => status !== 200).flatMap(faultsOf503), [])

  const holding = [await own.startTransaction().execute(), await own.startTransaction().execute()]
  const lists = Array.from({ length: 5 }, () => own.selectFrom('enterprise').select('id').execute().catch((error: unknown) => error))
  t.match(await lists[4], { code: 'unavailable' }, 'statements that wait are bounded as well')
  for (const one of holding) await one.rollback().execute()
  t.ok((await Promise.all(lists.slice(0, 3))).every(Array.isArray))
})

t.test('a write that was begun finishes, though its answer came too late or its client went away', async (t) => {
  const config = testConfig(store, { ROSTER_DEADLINE_MS: '200', ROSTER_LOCK_MS: '1000' })
  const own = openDatabase(config)
  const app = await buildApp(config, { db: own, passwords: makePasswords(config) })
  t.teardown(async () => {
    await app.close()
    await own.destroy()
  })
  const log = catchLog(app)
  const port = await listen(app)
  const ask = asker(`http://127.0.0.1:${String(port)}`, superuser)
  const nameOf = async (id: number) => (JSON.parse((await ask('GET', `/user/${String(id)}/`)).body) as { first_name: string }).first_name
  const becomes = async (id: number, name: string): Promise<boolean> => {
    for (let look = 0; look < 100 && (await nameOf(id)) !== name; look++) await delay(20)
    return (await nameOf(id)) === name
  }
  const late = await create({ username: 'late' })
  const free = await lockRow(late.id)
  const answer = await ask('PATCH', `/user/${String(late.id)}/`, { first_name: 'Begun' })
  t.strictSame(faultsOf503(answer), [])
  await free()
  t.ok(await becomes(late.id, 'Begun'))

  const again = await lockRow(late.id)
  const body = '{"first_name":"Left"}'
  const client = await connect(t, port)
  client.send(
    wireText(`PATCH /api/user/${String(late.id)}/`, [
      `Authorization: ${superuser}`, 'Content-Type: application/json', `Content-Length: ${String(body.length)}`,
    ], body),
  )
  await delay(100)
  client.socket.destroy()
  await again()
  t.ok(await becomes(late.id, 'Left'))

  const third = await lockRow(late.id)
  t.strictSame(faultsOf503(await ask('PATCH', `/user/${String(late.id)}/`, { first_name: 'Never' })), [])
  await delay(1200)
  await third()
  t.equal(await nameOf(late.id), 'Left', 'one that failed after its answer changed nothing')
  t.strictSame(log.filter(({ level }) => level === 'error'), [])
})

t.test('a transaction is not begun for who has left; one that was begun goes on', async (t) => {
  let begun = 0
  const work = async () => {
    begun++
  }
  await t.rejects(inTransaction(db, work, { hasLeft: true }), { code: 'unavailable' })
  t.equal(begun, 0)
  const waiter = { hasLeft: false }
  await inTransaction(db, async () => {
    waiter.hasLeft = true
    await work()
  }, waiter)
  t.equal(begun, 1)
})
