import { type Kysely, sql, type Transaction } from 'kysely'
import { makeKey } from '../../../src/auth/keys.js'
import { auditEntriesOf, auditOf, COMMAND_LINE, pruneAudit } from '../../../src/db/audit.js'
import { verifyAudit } from '../../../src/db/audit-verify.js'
import { clientsOf, clientWritesOf } from '../../../src/db/clients.js'
import { keptAnswersOf, keptAnswerWritesOf, pruneKeptAnswers } from '../../../src/db/idempotency.js'
import { keysOf, keyWritesOf, writeUses } from '../../../src/db/keys.js'
import { makeLookup } from '../../../src/db/lookups.js'
import type { Database } from '../../../src/db/schema.js'
import { insertBy, type NewUser, userWritesOf } from '../../../src/db/user-writes.js'
import { type UserRow, usersOf } from '../../../src/db/users.js'
import { nameKey } from '../../../src/names.js'
import { freshDatabase } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { db } = await freshDatabase(t)
const OURS = 10
const THEIRS = 11
const names = ['ann', 'ben', 'cleo', 'dora', 'emil']
const newUser = (username: string): NewUser => ({
  username, username_key: nameKey(username), email: `${username}@x.example`, email_key: nameKey(`${username}@x.example`), first_name: '',
  last_name: '', is_active: true, is_superuser: true, role: 'Viewer', groups: [], authz_role_id: null, password_hash: null,
})
const KEPT = { operation: 'createUser', key_hash: Buffer.from('the same key') }
/** An answer kept for a user, under the key that every user has. */
const keptFor = ({ id, username }: UserRow) =>
  ({ ...KEPT, user_id: id, target_id: id, body_hmac: Buffer.from('hmac'), status: 201, body: JSON.stringify({ username }), etag: '"1"' })
const write = <T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> => db.transaction().execute(work)
const rollback = new Error('rolled back')

// The users, keys and clients of both are made in turn, with the same names and the same key prefixes.
await sql`insert into enterprise (id, uuid, name) values (10, gen_random_uuid(), 'ours'), (11, gen_random_uuid(), 'theirs')`.execute(db)
const trails: Record<number, { id: number; uuid: string }> = {}
for (const id of [OURS, THEIRS]) {
  const { uuid } = await db.selectFrom('enterprise').select('uuid').where('id', '=', id).executeTakeFirstOrThrow()
  trails[id] = { id, uuid }
}
const rows: Record<number, UserRow[]> = { [OURS]: [], [THEIRS]: [] }
const keys: Record<number, ReturnType<typeof makeKey>[]> = { [OURS]: [], [THEIRS]: [] }
for (const name of names) {
  for (const id of [THEIRS, OURS]) {
    await write(async (trx) => {
      const user = await userWritesOf(trx, id).insert(newUser(name))
      const key = makeKey(id)
      await keyWritesOf(trx, id).insert({ user_id: user.id, hash: key.hash, prefix: `rst_${name}`, expires_on: key.expires_on })
      await clientWritesOf(trx, id).insert(name === 'ann' ? 'both' : `client-${String(id)}-${name}`)
      const change = { action: 'user.create', target_type: 'user', target: String(user.id), user_id: 1, before: {}, after: {} } as const
      await auditOf(trx, trails[id]!).append({ ...COMMAND_LINE, actor_id: 1 }, change)
      await keptAnswerWritesOf(trx, id).keep(keptFor(user))
      rows[id]!.push(user)
      keys[id]!.push(key)
    })
  }
}
const ours = rows[OURS]!
const theirs = rows[THEIRS]!

/** Everything that is stored of the other enterprise. */
async function stored(of: Kysely<Database> = db): Promise<unknown> {
  const { rows: found } = await sql`
    select (select json_agg(u order by id) from user_account u where enterprise_id = ${THEIRS}) as users,
      (select json_agg(k order by hash) from api_key k where enterprise_id = ${THEIRS}) as keys,
      (select json_agg(c order by name) from client c where enterprise_id = ${THEIRS}) as clients,
      (select json_agg(a order by seq) from audit_entry a where enterprise_id = ${THEIRS}) as entries,
      (select json_agg(h) from audit_head h where enterprise_id = ${THEIRS}) as head,
      (select json_agg(a order by user_id) from idempotency_key a where enterprise_id = ${THEIRS}) as answers,
      (select json_agg(n order by level, block) from user_count n where enterprise_id = ${THEIRS}) as counts,
      (select json_agg(e) from enterprise e where id = ${THEIRS}) as enterprise`.execute(of)
  return found[0]
}
const before = await stored()

t.test('every method is looked at', async (t) => {
  await write(async (trx) => {
    for (const [repository, methods] of [
      [usersOf(db, 1), ['match', 'find', 'taken', 'page']],
      [userWritesOf(trx, 1), ['lock', 'passwordHash', 'lockSuperusers', 'insert', 'update', 'signIn', 'delete']],
      [keysOf(db, 1), ['list', 'find', 'page']],
      [keyWritesOf(trx, 1), ['insert', 'revoke', 'findLive', 'count', 'revokeOne', 'replace', 'revokeOldest', 'revokeAll', 'deleteDead']],
      [auditEntriesOf(db, trails[OURS]!), ['list', 'head', 'hashAt', 'firstSince']],
      [auditOf(trx, trails[OURS]!), ['append']],
      [keptAnswersOf(db, 1), ['find']],
      [keptAnswerWritesOf(trx, 1), ['hold', 'keep']],
      [clientsOf(db, 1), ['has', 'list']],
      [clientWritesOf(trx, 1), ['insert', 'delete']],
    ] as const) t.strictSame(Object.keys(repository), methods)
  })
})

t.test('users, read', async (t) => {
  const users = usersOf(db, OURS)
  for (const [i, name] of names.entries()) {
    for (const by of [{ username_key: nameKey(name) }, { email_key: nameKey(`${name}@x.example`) }]) {
      t.strictSame(await users.match(by), ours[i])
      t.equal((await usersOf(db, THEIRS).match(by))?.id, theirs[i]!.id)
    }
    t.strictSame([await users.find(ours[i]!.id), await users.find(theirs[i]!.id)], [ours[i], undefined])
  }
  for (let offset = 0; offset < 7; offset++) {
    const { count, rows: page } = await users.page({ limit: 2, offset })
    t.equal(count, 5)
    t.match(page, ours.slice(offset, offset + 2))
    t.equal(page.length, ours.slice(offset, offset + 2).length)
  }
  await write(async (trx) => userWritesOf(trx, THEIRS).update(theirs[0]!.id, { username_key: 'only theirs', email_key: 'theirs alone' }))
  t.strictSame(await users.taken({ username_key: 'only theirs', email_key: 'theirs alone' }), { username: false, email: false })
  const back = { username_key: nameKey('ann'), email_key: nameKey('ann@x.example') }
  t.strictSame(await users.taken(back, theirs[0]!.id), { username: true, email: true })
  await sql`update user_account set username_key = ${back.username_key}, email_key = ${back.email_key}, updated_on = created_on
    where id = ${theirs[0]!.id}`.execute(db)
})

t.test('users, written', async (t) => {
  await write(async (trx) => {
    const locked = await userWritesOf(trx, OURS).lock([...theirs, ...ours].map(({ id }) => id))
    t.strictSame([...locked.values()], ours)
    const { rows: free } = await sql`select id from user_account where enterprise_id = ${THEIRS} for update skip locked`.execute(db)
    t.equal(free.length, 5, 'their rows are not locked')
  })
  await t.rejects(write((trx) => userWritesOf(trx, OURS).update(theirs[0]!.id, { first_name: 'x' })), { message: /no result/ })
  await t.rejects(write((trx) => userWritesOf(trx, OURS).signIn(theirs[0]!.id, {})), { message: /no result/ })
  await t.rejects(write(async (trx) => {
    const users = userWritesOf(trx, OURS)
    await users.insert(newUser('theirs too'))
    const made = { action: 'user.create', target_type: 'user', before: {}, after: {} } as const
    t.equal(await insertBy(trx, trails[OURS]!, theirs[0]!, newUser('by them'), { ...COMMAND_LINE, ...made }), undefined)
    t.ok(await insertBy(trx, trails[OURS]!, ours[0]!, newUser('by us'), { ...COMMAND_LINE, ...made }))
    await users.update(ours[0]!.id, { first_name: 'x' })
    for (const { id } of ours) await users.delete(id)
    t.strictSame(await stored(trx), before, 'neither an insert, an update nor a delete is seen there')
    throw rollback
  }), rollback)
  await t.rejects(write(async (trx) => {
    // No caller deletes what `lock` did not return; if one did, it would still be harmless to them.
    await userWritesOf(trx, OURS).delete(theirs[0]!.id)
    t.strictSame(await stored(trx), before)
    throw rollback
  }), rollback)
})

const lookup = makeLookup(db)
const find = (enterprise_id: number, hash: string, user_id?: number) => lookup({ enterprise_id, hash, user_id })

t.test('keys', async (t) => {
  for (const [i, key] of keys[OURS]!.entries()) {
    const ofUs = await Promise.all([undefined, ours[2]!.id, theirs[2]!.id].map((user_id) => find(OURS, key.hash, user_id)))
    t.strictSame(ofUs.map((found) => found?.wanted), [ours[i], ours[2], undefined])
    t.strictSame(ofUs.map((found) => found?.enterprise.name), ['ours', 'ours', 'ours'])
    t.equal(await find(OURS, keys[THEIRS]![i]!.hash), undefined)
  }
  t.strictSame((await keysOf(db, OURS).list()).map(({ user_id }) => user_id), ours.map(({ id }) => id))
  const { hash, prefix, expires_on } = makeKey(OURS)
  await t.rejects(
    write((trx) => keyWritesOf(trx, OURS).insert({ user_id: theirs[0]!.id, hash, prefix, expires_on })), { code: '23503' },
    'no key of ours for a user of theirs',
  )
  t.strictSame(await write((trx) => keyWritesOf(trx, OURS).revoke('rst_ben')), [ours[1]!.id])
  t.ok(await find(THEIRS, keys[THEIRS]![1]!.hash))
  t.equal(await find(OURS, keys[OURS]![1]!.hash), undefined)
  const [{ id: user_id }, { id }] = [theirs[2]!, (await keysOf(db, THEIRS).list())[2]!]
  t.equal(await keysOf(db, OURS).find(id), undefined)
  t.strictSame(await keysOf(db, OURS).page(user_id, { limit: 9, offset: 0 }), { count: 0, rows: [] })
  await write(async (trx) => {
    const writes = keyWritesOf(trx, OURS)
    t.equal(await writes.findLive(user_id, id), undefined)
    t.equal(await writes.count(user_id, 'made'), 0)
    await writes.revokeOne(id)
    t.strictSame(await writes.revokeAll(user_id), [])
    await writes.replace(id, 0)
    await writes.deleteDead(user_id, 'made')
  })
  await writeUses(db, [{ enterprise_id: OURS, id, agoMs: 0 }])
})

t.test('clients', async (t) => {
  for (const [name, there] of [['both', true], ['client-10-ben', true], ['client-11-ben', false], ['client-12-ben', false]] as const) {
    t.equal(await clientsOf(db, OURS).has(name), there, name)
  }
  for (let i = 0; i < 2; i++) await write((trx) => clientWritesOf(trx, OURS).insert('client-11-ben'))
  t.ok(await clientsOf(db, OURS).has('client-11-ben'))
})

t.test('the audit trail', async (t) => {
  const trail = auditEntriesOf(db, trails[OURS]!)
  for (const filter of [{}, { user_id: 1 }, { actor_id: 1 }]) {
    const entries = await trail.list({ limit: 100, ...filter })
    t.strictSame(entries.map(({ target }) => target), ours.map(({ id }) => String(id)))
    t.ok(entries.every(({ enterprise }) => enterprise === trails[OURS]!.uuid))
  }
  const [last] = await trail.list({ limit: 1, order: 'newest' })
  t.equal((await trail.head())?.hash, last?.hash)
  t.equal(await trail.hashAt(5), last?.hash)
  t.not(await auditEntriesOf(db, trails[THEIRS]!).hashAt(5), last?.hash)
  t.equal(await trail.firstSince(new Date(0), 2), 3)
  await pruneAudit(db, trails[OURS]!, new Date('2999-01-01'), false)
  t.match(await verifyAudit(db, trails[OURS]!), { entries: 1, faults: [] })
  t.match(await verifyAudit(db, trails[THEIRS]!), { entries: 5, faults: [] })
})

t.test('kept answers', async (t) => {
  const answers = keptAnswersOf(db, OURS)
  t.match(await answers.find({ ...KEPT, user_id: ours[0]!.id }, 24), { body: { username: 'ann' } })
  t.equal(await answers.find({ ...KEPT, user_id: theirs[0]!.id }, 24), undefined)
  await t.rejects(
    write((trx) => keptAnswerWritesOf(trx, OURS).keep({ ...keptFor(ours[0]!), target_id: theirs[0]!.id })), { code: '23503' },
    'no answer of ours about a user of theirs',
  )
  await sql`update idempotency_key set created_on = created_on - interval '48 hours'`.execute(db)
  t.equal(await answers.find({ ...KEPT, user_id: ours[0]!.id }, 24), undefined, 'expired')
  await pruneKeptAnswers(db, OURS, 24)
  t.strictSame(await sql`select 1 from idempotency_key where enterprise_id = ${OURS}`.execute(db).then(({ rows: left }) => left), [])
  await sql`update idempotency_key set created_on = created_on + interval '48 hours'`.execute(db)
})

t.test('nothing of theirs has changed', async (t) => t.strictSame(await stored(), before))
