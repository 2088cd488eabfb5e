import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { User } from '../../../src/users/user.js'
import { findMiscounts } from '../../../src/db/verify.js'
import { isError, makeDirectory } from '../../helpers/directory.js'
import { secondServer, within } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, db, superuser: key, admin, acme, create } = directory
const second = await secondServer(t, directory)
const serverOf = (at: number) => (at % 2 === 0 ? call : second)
const rounds = (number: number) => Array.from({ length: number }, (_, at) => String(at))
const keyed = (idempotency: string, json: object) => ({ key, json, headers: { 'idempotency-key': idempotency } })

t.test('of twenty equal creates with one key at once one makes the user, the others are 409 or its answer', async (t) => {
  for (const round of rounds(10)) {
    const json = { username: `once-${round}`, profile: {}, ...(Number(round) % 2 === 0 ? {} : { password: 'correct horse' }) }
    const answers = await Promise.all(rounds(20).map((_, at) => serverOf(at)('POST /user/', keyed(`k-${round}`, json))))
    const made = answers.filter(({ statusCode, headers }) => statusCode === 201 && headers['idempotency-replayed'] === undefined)
    t.equal(made.length, 1)
    for (const answer of answers.filter((one) => one !== made[0])) {
      if (answer.statusCode === 201) t.equal(answer.body, made[0]?.body)
      else isError(t, answer, 409, 'idempotency_conflict')
    }
    const again = await second('POST /user/', keyed(`k-${round}`, json))
    t.equal(again.body, made[0]?.body)
    t.equal(again.headers['idempotency-replayed'], 'true')
    const { results } = (await call(`GET /user/?username=once-${round}`, { key })).json<{ results: User[] }>()
    t.equal(results.length, 1)
  }
})

t.test('another server refuses at once what one has under way, though that one waits', async (t) => {
  const json = { username: 'waits', profile: {} }
  const { first } = await db.transaction().execute(async (trx) => {
    await sql`select 1 from user_account where id = ${acme.user_id} for update`.execute(trx)
    const waiting = call('POST /user/', keyed('waits', json))
    const isHeld = async () =>
      (await sql`select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`.execute(trx)).rows.length > 0
    while (!(await isHeld())) await delay(10)
    isError(t, await second('POST /user/', keyed('waits', json)), 409, 'idempotency_conflict')
    isError(t, await call('POST /user/', keyed('waits', json)), 409, 'idempotency_conflict')
    t.notOk(await within(50, waiting), 'the first one waits still')
    return { first: waiting }
  })
  const made = await first
  t.equal(made.statusCode, 201)
  t.equal((await second('POST /user/', keyed('waits', json))).body, made.body)
})

t.test('of two changes that ask for one state at once, one is 200, the other 412', async (t) => {
  const { id } = await create({ username: 'contended' })
  const path = `/user/${String(id)}/`
  for (const round of rounds(30)) {
    const ifMatch = String((await call(`GET ${path}`, { key })).headers.etag)
    const patch = (at: number) =>
      serverOf(at)(`PATCH ${path}`, { key: at === 0 ? key : admin.key, json: { first_name: `${round}-${String(at)}` }, headers: { 'if-match': ifMatch } })
    const answers = await Promise.all([patch(0), patch(1)])
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 412])
    const winner = answers.find(({ statusCode }) => statusCode === 200)
    const now = await second(`GET ${path}`, { key })
    t.strictSame([now.body, now.headers.etag], [winner?.body, winner?.headers.etag])
  }
})

t.test('of a change and a delete that ask for one state at once, one is done', async (t) => {
  for (const round of rounds(10)) {
    const { id } = await create({ username: `gone-${round}` })
    const headers = { 'if-match': String((await call(`GET /user/${String(id)}/`, { key })).headers.etag) }
    const answers = await Promise.all([
      call(`PATCH /user/${String(id)}/`, { key, json: { first_name: 'x' }, headers }),
      second(`DELETE /user/${String(id)}/`, { key: admin.key, headers }),
    ])
    const statuses = answers.map(({ statusCode }) => statusCode)
    t.ok(['200 412', '404 204'].includes(statuses.join(' ')), statuses.join(' '))
  }
})

t.test('creates that remove what has expired, and deletes of those users, at once', async (t) => {
  const old = await Promise.all(
    rounds(30).map(async (name, at) => (await serverOf(at)('POST /user/', keyed(`old-${name}`, { username: `old-${name}`, profile: {} }))).json<User>()),
  )
  await sql`update idempotency_key set created_on = now() - interval '2 days'`.execute(db)
  const answers = await Promise.all(
    old.flatMap(({ id }, at) => [
      serverOf(at)(`DELETE /user/${String(id)}/`, { key: at % 3 === 0 ? key : admin.key }),
      serverOf(at + 1)('POST /user/', { ...keyed(`new-${String(at)}`, { username: `new-${String(at)}`, profile: {} }), key: at % 2 === 0 ? key : admin.key }),
    ]),
  )
  t.strictSame(new Set(answers.map(({ statusCode }) => statusCode)), new Set([204, 201]))
  t.strictSame(await findMiscounts(db), [])
  t.equal((await sql`select 1 from idempotency_key where created_on < now() - interval '1 day'`.execute(db)).rows.length, 0)
})
