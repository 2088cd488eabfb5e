import { sql } from 'kysely'
import { makeKey, parseKey, type ParsedKey } from '../../../src/auth/keys.js'
import { openDatabase } from '../../../src/db/database.js'
import { keyWritesOf } from '../../../src/db/keys.js'
import { type Asked, makeLookup } from '../../../src/db/lookups.js'
import { shed, type Waiter } from '../../../src/overload.js'
import { createEnterprise, type NewEnterprise } from '../../../src/users/enterprise.js'
import { freshDatabase, testConfig } from '../../helpers/database.js'
import { watchStatements } from '../../helpers/statements.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { db, store } = await freshDatabase(t)
const made: (NewEnterprise & ParsedKey)[] = []
for (const name of ['acme', 'globex', 'initech']) {
  const enterprise = await createEnterprise(db, name, { username: `admin-of-${name}`, email: '' })
  made.push({ ...enterprise, ...parseKey(enterprise.api_key)! })
}
const acme = made[0]!
const globex = made[1]!
const LOOKUP = /from unnest\(/

t.test('look-ups of one moment share statements, and enterprises never mix in them', async (t) => {
  const { watched, statements } = watchStatements(db)
  const lookup = makeLookup(watched)
  // Every key with every user of every enterprise, own and others', in turn.
  const asked = [undefined, ...made.map(({ user_id }) => user_id)].flatMap((user_id) =>
    made.map(({ enterprise_id, hash }): Asked => ({ enterprise_id, hash, user_id })),
  )
  const found = await Promise.all(asked.map((one) => lookup(one)))
  t.equal(statements.filter((text) => LOOKUP.test(text)).length, 2, 'twelve: half of them each, of every enterprise')
  for (const [i, { enterprise_id, user_id }] of asked.entries()) {
    const owner = made.find((one) => one.enterprise_id === enterprise_id)!
    t.equal(found[i]?.enterprise.name, owner.name)
    t.equal(found[i]?.user.id, owner.user_id)
    const wanted = user_id === undefined || user_id === owner.user_id ? `admin-of-${owner.name}` : undefined
    t.equal(found[i]?.wanted?.username, wanted)
  }
})

t.test('a key under the number of another enterprise is unknown', async (t) => {
  const lookup = makeLookup(db)
  t.equal(await lookup({ enterprise_id: acme.enterprise_id, hash: globex.hash, user_id: undefined }), undefined)
})

t.test('nothing is kept: what was acknowledged before is seen, also by what is asked while others are under way', async (t) => {
  const lookup = makeLookup(db)
  const key = makeKey(acme.enterprise_id)
  const { hash, prefix, expires_on, enterprise_id } = key
  const asked = { enterprise_id, hash, user_id: undefined }
  const others = Array.from({ length: 50 }, () => lookup(asked))
  await db.transaction().execute((trx) =>
    keyWritesOf(trx, enterprise_id).insert({ user_id: acme.user_id, hash, prefix, expires_on }),
  )
  t.ok(await lookup(asked))
  await db.transaction().execute((trx) => keyWritesOf(trx, enterprise_id).revoke(prefix))
  t.equal(await lookup(asked), undefined)
  await Promise.all(others)
})

t.test('many more than one statement takes are all answered', async (t) => {
  const { watched, statements } = watchStatements(db)
  const lookup = makeLookup(watched)
  const found = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => lookup({ ...made[i % made.length]!, user_id: undefined })),
  )
  for (const [i, one] of found.entries()) if (one?.enterprise.name !== made[i % made.length]!.name) t.fail(`number ${String(i)}`)
  t.equal(statements.length, 4, 'of at most 256 each')
})

t.test('those of one moment share a statement; where there are more than four, two', async (t) => {
  for (const [together, sent] of [[4, 1], [5, 2], [64, 2], [700, 3]] as const) {
    const { watched, statements } = watchStatements(db)
    const lookup = makeLookup(watched)
    const found = await Promise.all(Array.from({ length: together }, () => lookup({ ...acme, user_id: undefined })))
    t.ok(found.every((one) => one?.enterprise.name === 'acme'))
    t.equal(statements.length, sent, `${String(together)} together`)
  }
})

t.test('a session plans the statement for all batches, however few are in one', async (t) => {
  const session = openDatabase(testConfig(store, { ROSTER_POOL_SIZE: '1' }))
  t.teardown(() => session.destroy())
  const lookup = makeLookup(session)
  for (let round = 0; round < 20; round++) await Promise.all([acme, globex].map((one) => lookup({ ...one, user_id: undefined })))
  const { rows } = await sql<{ custom: number; generic: number }>`
    select custom_plans as custom, generic_plans as generic from pg_prepared_statements where statement like '%unnest(%'`.execute(session)
  // Postgres plans five times with the values before it compares.
  t.strictSame(rows, [{ custom: 5, generic: 15 }])
})

t.test('one that the database can not look up fails alone', async (t) => {
  const lookup = makeLookup(db)
  const wrong = { enterprise_id: 2 ** 70, hash: acme.hash, user_id: undefined }
  const right = { ...acme, user_id: undefined }
  const [before, failed, after] = await Promise.allSettled([right, wrong, right].map((one) => lookup(one)))
  t.match(before, { status: 'fulfilled', value: { enterprise: { name: 'acme' } } })
  t.match(failed, { status: 'rejected', reason: { code: '22P02' } })
  t.match(after, { status: 'fulfilled', value: { enterprise: { name: 'acme' } } })
  const { watched, statements } = watchStatements(db)
  const many = makeLookup(watched)
  const all = await Promise.allSettled(Array.from({ length: 256 }, (_, i) => many(i === 99 ? wrong : right)))
  t.strictSame(all.flatMap(({ status }, i) => (status === 'fulfilled' ? [] : [i])), [99])
  t.equal(statements.length, 16, 'by halves of two: not one statement for each')
})

t.test('who has left is not looked up; too many that wait are refused, once those that left are dropped', async (t) => {
  const { watched, statements } = watchStatements(db)
  const lookup = makeLookup(watched, 3)
  const asked = { ...acme, user_id: undefined }
  const gone = { hasLeft: false }
  const before = { ...shed }
  const ask = (waiter?: Waiter) => lookup({ ...asked, waiter }).then((found) => found?.enterprise.name, () => 'refused')
  const first = [ask(gone), ask(), ask(gone), ask()]
  gone.hasLeft = true
  const then = [ask(), ask(), ask()]
  t.strictSame(await Promise.all(first), ['refused', 'acme', 'refused', 'refused'])
  t.strictSame(await Promise.all(then), ['acme', 'acme', 'refused'])
  t.equal(statements.length, 1)
  t.strictSame([shed.left - before.left, shed.lookups - before.lookups], [2, 2])
  t.equal(await ask(gone), 'refused')
  t.equal(await ask(), 'acme')
  t.equal(statements.length, 2, 'none for who left')
})

t.test('a lost database fails all of them once, and the next ones are asked again', async (t) => {
  const lost = openDatabase(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
  t.teardown(() => lost.destroy())
  const lookup = makeLookup(lost)
  for (let round = 0; round < 2; round++) {
    const failed = await Promise.allSettled([acme, globex].map((one) => lookup({ ...one, user_id: undefined })))
    t.match(failed, [{ reason: { cause: { code: 'ECONNREFUSED' } } }, { reason: { cause: { code: 'ECONNREFUSED' } } }])
  }
})
