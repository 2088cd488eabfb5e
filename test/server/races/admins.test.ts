import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { parseKey } from '../../../src/auth/keys.js'
import { revokeKey } from '../../../src/auth/made-keys.js'
import { findEnterprise } from '../../../src/db/enterprises.js'
import { userWritesOf } from '../../../src/db/user-writes.js'
import { findMiscounts } from '../../../src/db/verify.js'
import type { User } from '../../../src/users/user.js'
import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const ROUNDS = 5
const WRITERS = 4

const directory = await makeDirectory(t)
const { call, db, superuser, create, keyOf } = directory
const acme = (await findEnterprise(db, 'acme'))!
const { id: enterprise_id } = acme
const servers = [call, await secondServer(t, directory)] as const

interface Admin {
  readonly id: number
  readonly key: string
}

const patch = ({ id }: Admin, json: object) => call(`PATCH /user/${String(id)}/`, { key: superuser, json })

/** What can happen to an admin who is writing, and what the writes are answered from then on. */
const ends = [
  { what: 'demoted', refused: 403, end: (admin: Admin) => patch(admin, { profile: { role: 'Viewer' } }) },
  { what: 'deactivated', refused: 401, end: (admin: Admin) => patch(admin, { is_active: false }) },
  { what: 'deleted', refused: 401, end: ({ id }: Admin) => call(`DELETE /user/${String(id)}/`, { key: superuser }) },
  { what: 'deprived of its key', refused: 401, end: ({ key }: Admin) => revokeKey(db, acme, parseKey(key)!.prefix) },
]

for (const { what, refused, end } of ends) {
  await t.test(`an admin is ${what} while writing`, async (t) => {
    for (let round = 1; round <= ROUNDS; round++) {
      const name = `${what.split(' ')[0]!}-${String(round)}`
      const { id } = await create({ username: name, profile: { role: 'Enterprise Admin' } })
      const admin = { id, key: await keyOf(name) }
      const target = await create({ username: `${name}-target` })
      let over = false
      const writes: { username: string; status: number; late: boolean }[] = []
      const write = async (writer: number) => {
        for (let number = 1, late = false; !late; number++) {
          const username = `${name}-by-${String(writer)}-${String(number)}`
          late = over
          // Half of the writers create, the others rename one user.
          const answer =
            writer % 2 === 0
              ? await servers[writer % 4 === 0 ? 0 : 1]('POST /user/', { key: admin.key, json: { username, profile: {} } })
              : await servers[0](`PUT /user/${String(target.id)}/`, { key: admin.key, json: { username, profile: {} } })
          writes.push({ username, status: answer.statusCode, late })
        }
      }
      const stop = async () => {
        await delay(5 + round * 2)
        await end(admin)
        over = true
      }
      await Promise.all([stop(), ...Array.from({ length: WRITERS }, (_, writer) => write(writer))])

      const late = writes.filter((one) => one.late)
      t.equal(late.length, WRITERS)
      t.ok(late.every(({ status }) => status === refused), 'what began after the answer is refused')
      t.ok(writes.every(({ status }) => [200, 201, refused].includes(status)), 'the others are done or refused')
      const rows = await db.selectFrom('user_account').select(['id', 'username']).where('username', 'like', `${name}-by-%`).execute()
      const created = rows.filter((row) => row.id !== target.id).map(({ username }) => username)
      t.strictSame(created.sort(), writes.filter(({ status }) => status === 201).map(({ username }) => username).sort())
      const renames = writes.filter(({ status }) => status === 200).map(({ username }) => username)
      const { username } = (await call(`GET /user/${String(target.id)}/`, { key: superuser })).json<User>()
      t.ok([target.username, ...renames].includes(username), 'and nothing that was refused is there')
      t.equal(username === target.username, renames.length === 0)
    }
  })
}

/** Waits until as many statements wait for a lock in this file's database. */
async function blocked(statements: number): Promise<void> {
  const waiting = sql<{ n: number }>`
    select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  while ((await waiting.execute(db)).rows[0]!.n < statements) await delay(5)
}

for (const { what, refused, changes } of [
  { what: 'demoted', refused: 403, changes: { role: 'Viewer' as const } },
  { what: 'deactivated', refused: 401, changes: { is_active: false } },
  { what: 'deleted', refused: 401, changes: undefined },
]) {
  await t.test(`writes that were let in, and then wait while their admin is ${what}, are refused`, async (t) => {
    const name = `waits-${what}`
    const { id } = await create({ username: name, profile: { role: 'Enterprise Admin' } })
    const key = await keyOf(name)
    const target = await create({ username: `${name}-target` })
    const path = `/user/${String(target.id)}/`
    const json = { username: `${name}-new`, profile: {} }

    const pending = await db.transaction().execute(async (trx) => {
      const users = userWritesOf(trx, enterprise_id)
      await (changes === undefined ? users.delete(id) : users.update(id, changes))
      const writes = ['POST /user/', `PUT ${path}`, `PATCH ${path}`].map((request) => call(request, { key, json }))
      writes.push(call(`DELETE ${path}`, { key }), call(`PATCH /user/${String(id)}/`, { key, json }))
      await blocked(writes.length)
      return { writes }
    })
    const statuses = (await Promise.all(pending.writes)).map(({ statusCode }) => statusCode)
    t.strictSame(statuses, Array.from(statuses, () => refused))
    t.strictSame((await call(`GET ${path}`, { key: superuser })).json(), target)
    t.equal((await call(`GET /user/?username=${json.username}`, { key: superuser })).json<{ count: number }>().count, 0)
  })
}

t.test('the counts are those of the users', async (t) => t.strictSame(await findMiscounts(db), []))
