import { sql } from 'kysely'
import type { Test } from 'tap'
import { makePasswords } from '../../src/auth/passwords.js'
import { auditEntriesOf } from '../../src/db/audit.js'
import { verifyAudit } from '../../src/db/audit-verify.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import { usersOf } from '../../src/db/users.js'
import { findMiscounts } from '../../src/db/verify.js'
import { nameKey } from '../../src/names.js'
import { createUser } from '../../src/users/create.js'
import type { User } from '../../src/users/user.js'
import { testConfig } from '../helpers/database.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { db, store, admin, superuser, call } = await makeDirectory(t)
const acme = (await findEnterprise(db, 'acme'))!
const deps = { db, passwords: makePasswords(testConfig(store)) }
const trail = auditEntriesOf(db, acme)

/** The admin as the guard read it for a request. */
const letIn = { id: admin.id, role: 'Enterprise Admin', is_superuser: false } as const

/** Creates for the admin as it was when its request began. */
const create = (username: string) =>
  createUser(deps, { enterprise: acme, user: letIn, key_prefix: 'rst_test', request_id: 'r-1' }, { username, profile: {} })
const find = (username: string) => usersOf(db, acme.id).match({ username_key: nameKey(username) })
const patch = (json: object) => call(`PATCH /user/${String(admin.id)}/`, { key: superuser, json })

/** Nothing is left of a create that was refused. */
async function requireRefused(t: Test, username: string, code: string): Promise<void> {
  const before = await trail.head()
  await t.rejects(create(username), { code })
  t.equal(await find(username), undefined)
  t.strictSame(await trail.head(), before)
}

t.test('a trail that was not begun, as that of an enterprise of the first release, begins', async (t) => {
  await sql`delete from audit_entry where enterprise_id = ${acme.id}`.execute(db)
  await sql`delete from audit_head where enterprise_id = ${acme.id}`.execute(db)
  const { user } = await create('first-of-the-trail')
  t.match(await trail.list({ limit: 10 }), [{ seq: 1, action: 'user.create', user_id: user.id }])

  await sql`delete from audit_entry where enterprise_id = ${acme.id}`.execute(db)
  await sql`delete from audit_head where enterprise_id = ${acme.id}`.execute(db)
  const headers = { 'idempotency-key': 'k-1' }
  const json = { username: 'first-under-a-key', profile: {} }
  const answers = [await call('POST /user/', { key: superuser, headers, json }), await call('POST /user/', { key: superuser, headers, json })]
  t.strictSame(answers.map(({ statusCode, headers: of }) => [statusCode, of['idempotency-replayed']]), [[201, undefined], [201, 'true']])
  t.match(await trail.list({ limit: 10 }), [{ seq: 1, action: 'user.create', target: String(answers[0]!.json<User>().id) }])
})

t.test('a trail whose end is not that of its entries is an error, not a duplicate', async (t) => {
  await sql`update audit_head set seq = seq - 1 where enterprise_id = ${acme.id}`.execute(db)
  await t.rejects(create('behind-the-end'), { code: '23505', constraint: 'audit_entry_pkey' })
  t.equal(await find('behind-the-end'), undefined)
  await sql`update audit_head set seq = seq + 1 where enterprise_id = ${acme.id}`.execute(db)
})

t.test('where the database inserts nothing, that is no success', async (t) => {
  await sql`create function nothing() returns trigger language plpgsql as 'begin return null; end'`.execute(db)
  t.teardown(() => sql`drop function nothing() cascade`.execute(db))
  await sql`create trigger nothing before insert on user_account for each row execute function nothing()`.execute(db)
  await requireRefused(t, 'by-nobody', 'unavailable')
  await sql`create trigger nothing before insert on audit_entry for each row execute function nothing()`.execute(db)
  t.equal((await patch({ first_name: 'x' })).statusCode, 500)
  t.not((await usersOf(db, acme.id).find(admin.id))?.first_name, 'x')
})

t.test('the maker changed since its request was let in', async (t) => {
  await t.test('and may create no more', async (t) => {
    await patch({ profile: { role: 'Viewer' } })
    await requireRefused(t, 'by-demoted', 'forbidden')
    await patch({ profile: { role: 'Enterprise Admin' }, is_active: false })
    await requireRefused(t, 'by-deactivated', 'invalid_credentials')
    await patch({ is_active: true })
  })

  await t.test('and still may', async (t) => {
    await sql`update user_account set role = 'Viewer', is_superuser = true where id = ${admin.id}`.execute(db)
    const { user } = await create('by-promoted')
    t.equal((await find('by-promoted'))?.id, user.id)
    const [entry] = await trail.list({ limit: 1, order: 'newest' })
    t.match(entry, { action: 'user.create', actor_id: admin.id, target: String(user.id), user_id: user.id, after: { username: 'by-promoted' } })
    await sql`update user_account set role = 'Enterprise Admin', is_superuser = false where id = ${admin.id}`.execute(db)
  })

  await t.test('and is gone', async (t) => {
    t.equal((await call(`DELETE /user/${String(admin.id)}/`, { key: superuser })).statusCode, 204)
    await requireRefused(t, 'by-deleted', 'invalid_credentials')
  })
})

t.test('counts and trail are as they should be after all that', async (t) => {
  t.strictSame(await findMiscounts(db), [])
  t.strictSame((await verifyAudit(db, acme)).faults, [])
})
