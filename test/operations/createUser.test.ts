import argon2 from 'argon2'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import type { User } from '../../src/users/user.js'
import {
  allowed, allowedPasswords, allowedProfiles, nested, refusesBrokenBodies, refusesLargeBodies, refusesOtherTypes,
  type Send, sized,
} from '../helpers/bodies.js'
import { byKey, newest } from '../helpers/audit.js'
import { testConfig } from '../helpers/database.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db, store } = directory

const post: Send = (options) => call('POST /user/', { key: superuser, ...options })
let made = 0
/** A new user's fields, whose name and address nobody has. */
const fresh = (fields: Record<string, unknown> = {}) => {
  const username = `user-${String(++made)}`
  return { username, email: `${username}@acme.example`, profile: {}, ...fields }
}
const hashOf = async (id: number) => {
  const row = db.selectFrom('user_account').select('password_hash').where('id', '=', id)
  return (await row.executeTakeFirstOrThrow()).password_hash
}

t.test('201', async (t) => {
  await t.test('the least body makes an active Group Viewer of the enterprise', async (t) => {
    const answer = await post({ json: { username: 'bob', profile: {} } })
    t.equal(answer.statusCode, 201)
    const { id, profile } = answer.json<User>()
    t.strictSame(answer.json(), {
      id,
      username: 'bob',
      email: '',
      first_name: '',
      last_name: '',
      full_name: '',
      is_active: true,
      is_staff: false,
      is_superuser: false,
      profile: {
        role: 'Group Viewer',
        groups: [],
        authz_role_id: null,
        enterprise: acme.enterprise,
        created_on: profile.created_on,
        updated_on: profile.created_on,
      },
      emm: {},
      has_emm: false,
      last_login: null,
      token: null,
      is_email_verified: false,
    })
    t.ok(Math.abs(Date.parse(profile.created_on) - Date.now()) < 60_000)
    t.equal(await hashOf(id), null)
    t.strictSame((await call(`GET /user/${String(id)}/`, { key: superuser })).json(), answer.json())
  })
  await t.test('an admin sends every field, and what existing clients send besides', async (t) => {
    const groups = ['e3b7a0ce-6f5f-4f27-9a4b-6f0e35bd4f6d', '6f5ed86a-95a7-4a5c-95d4-8e3f3b2a6a10']
    const profile = { role: 'Group Admin', groups, authz_role_id: 'r-1', enterprise: acme.enterprise.toUpperCase() }
    const names = { username: 'Carol', first_name: 'Carol', last_name: 'Clark' }
    const fields = { ...names, email: 'Carol@acme.example', is_active: false }
    const flags = { is_staff: true, is_superuser: true, is_email_verified: true }
    const readOnly = { ...flags, id: 7, full_name: 'x', token: 'x', emm: 1 }
    const json = {
      ...fields,
      ...readOnly,
      password: 'correct horse',
      profile: { ...profile, is_customer: true, created_on: 'x', updated_on: null },
      is_endpoint_creator: true,
      last_login: '2020-01-01T00:00:00Z',
      has_emm: true,
    }
    const answer = await call('POST /user?format=json&exclude_google_roles=true&limit=x', { key: admin.key, json })
    t.equal(answer.statusCode, 201)
    const user = answer.json<User>()
    const { created_on, updated_on } = user.profile
    t.strictSame(user, {
      ...fields,
      id: user.id,
      full_name: 'Carol Clark',
      is_staff: false,
      is_superuser: false,
      profile: { ...profile, enterprise: acme.enterprise, created_on, updated_on },
      emm: {},
      has_emm: false,
      last_login: null,
      token: null,
      is_email_verified: false,
    })
    t.not(user.id, 7)
  })
  await t.test('who is made an Enterprise Admin manages users', async (t) => {
    const user = (await post({ json: fresh({ profile: { role: 'Enterprise Admin' } }) })).json<User>()
    t.equal(user.is_staff, true)
    const json = fresh({ profile: { role: 'Enterprise Admin' } })
    t.equal((await call('POST /user/', { key: await directory.keyOf(user.username), json })).statusCode, 201)
  })
  await t.test('values at the edge of the contract', async (t) => {
    for (const [fields, expected] of allowed) {
      const answer = await post({ json: fresh({ email: '', ...fields }) })
      t.equal(answer.statusCode, 201)
      t.strictSame({ ...answer.json<User>(), ...expected }, answer.json())
    }
    for (const [profile, expected] of allowedProfiles) {
      const answer = await post({ json: fresh({ profile }) })
      t.equal(answer.statusCode, 201)
      t.strictSame({ ...answer.json<User>().profile, ...expected }, answer.json<User>().profile)
    }
  })
  await t.test('the same name and address may be in two enterprises', async (t) => {
    const json = { username: viewer.username, email: viewer.email, profile: {} }
    const answer = await call('POST /user/', { key: globex.api_key, json })
    t.equal(answer.statusCode, 201)
    t.equal(answer.json<User>().profile.enterprise, globex.enterprise)
  })
  await t.test('a password is stored as argon2id of its NFKC form, and never shown', async (t) => {
    for (const password of allowedPasswords) {
      const answer = await post({ json: fresh({ password }) })
      t.equal(answer.statusCode, 201)
      const hash = String(await hashOf(answer.json<User>().id))
      t.match(hash, /^\$argon2id\$v=19\$/)
      t.ok(await argon2.verify(hash, password.normalize('NFKC')))
      t.notMatch(answer.body, 'argon2')
      t.notOk('password' in answer.json<object>())
    }
  })
  await t.test('an empty password is none', async (t) => {
    const answer = await post({ json: fresh({ password: '' }) })
    t.equal(answer.statusCode, 201)
    t.equal(await hashOf(answer.json<User>().id), null)
  })
  await t.test('the audit trail has an entry of it, without the password', async (t) => {
    const user = fresh({ first_name: 'Ünal', password: 'correct horse', profile: { role: 'Viewer', groups: ['b', 'a', 'b'] } })
    const answer = await post({ key: admin.key, json: user, headers: { 'x-request-id': 'create-1' } })
    const { id } = answer.json<User>()
    const [entry] = await newest(db)
    t.match(entry, { action: 'user.create', enterprise: acme.enterprise, ...byKey(admin.id, admin.key, 'create-1', id) })
    t.strictSame(entry?.before, {})
    t.strictSame(entry?.after, {
      username: user.username,
      email: user.email,
      first_name: 'Ünal',
      last_name: '',
      is_active: true,
      is_superuser: false,
      is_email_verified: false,
      profile: { role: 'Viewer', groups: ['b', 'a'], authz_role_id: null },
      password: 'changed',
    })
    t.notMatch(JSON.stringify(entry), /correct horse|argon2/)
    await post({ json: fresh() })
    const [plain] = await newest(db)
    t.not(plain?.after.password, 'changed')
    t.match(plain, { request_id: /^[0-9a-f-]{36}$/, actor_id: acme.user_id })
  })
  await t.test('the largest and the deepest body, and every spelling of its type', async (t) => {
    const payloads = [
      sized(262_144, fresh()),
      nested(20),
      `\ufeff${JSON.stringify(fresh())}`,
      '{"username":"proto","profile":{},"__proto__":{"is_active":false},"constructor":{"prototype":1}}',
    ]
    for (const payload of payloads) {
      const answer = await post({ payload, headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } })
      t.equal(answer.statusCode, 201)
      t.equal(answer.json<User>().is_active, true)
    }
  })
})

t.test('400', async (t) => {
  await refusesBrokenBodies(t, post, globex.enterprise)
  await t.test('username and profile are required', async (t) => {
    isError(t, await post({ json: {} }), 400, 'validation_failed', ['username: is required', 'profile: is required'])
  })
  await t.test('name and address are compared folded, and are refused together', async (t) => {
    const taken = ['straße', 'ﬁnn', 'ΟΔΟΣ', 'Åse', 'ＡＢＣ', 'e\u0301va']
    for (const username of taken) t.equal((await post({ json: fresh({ username }) })).statusCode, 201)
    for (const username of ['STRASSE', 'FINN', 'οδος', 'åse', 'abc', 'ÉVA', 'straße', 'VERA']) {
      isError(t, await post({ json: fresh({ username }) }), 400, 'duplicate', ['username: belongs to another user'])
    }
    const email = 'Vera@ACME.example'
    isError(t, await post({ json: fresh({ email }) }), 400, 'duplicate', ['email: belongs to another user'])
    const both = await post({ json: fresh({ username: 'ADAM', email }) })
    isError(t, both, 400, 'duplicate', ['username: belongs to another user', 'email: belongs to another user'])
  })
  await t.test('faults of the body come before duplicates', async (t) => {
    const answer = await post({ json: fresh({ username: 'vera', email: 'nobody' }) })
    isError(t, answer, 400, 'validation_failed', ['email: must be a valid e-mail address, or empty'])
  })
  await t.test('of many at once, one makes the user', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => post({ json: fresh({ username: index % 2 === 0 ? 'race' : 'RACE' }) })),
    )
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [201, 400, 400, 400, 400, 400, 400, 400])
    for (const answer of answers.filter(({ statusCode }) => statusCode === 400)) {
      isError(t, answer, 400, 'duplicate', ['username: belongs to another user'])
    }
  })
  await t.test('the operator may ask for longer passwords', async (t) => {
    const config = testConfig(store, { ROSTER_PASSWORD_MIN_LENGTH: '15' })
    const app = await buildApp(config, { db, passwords: makePasswords(config) })
    t.teardown(() => app.close())
    const headers = { authorization: superuser, 'content-type': 'application/json' }
    const send = (password: string) =>
      app.inject({ method: 'POST', url: '/api/user/', headers, payload: JSON.stringify(fresh({ password })) })
    isError(t, await send('xk3-vq9z-14chr'), 400, 'weak_password', ['password: must have at least 15 characters'])
    t.equal((await send('xk3-vq9z-15char')).statusCode, 201)
  })
})

t.test('401: no key or a bad one, before the body is looked at', async (t) => {
  for (const payload of ['{', ' '.repeat(262_145)]) {
    isError(t, await call('POST /user/', { payload }), 401, 'not_authenticated')
    isError(t, await post({ key: 'x', payload }), 401, 'invalid_credentials')
  }
})

t.test('403: those who may not manage users, before the body is looked at', async (t) => {
  for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
    const { username } = await directory.create(fresh({ profile: { role } }))
    const key = await directory.keyOf(username)
    for (const payload of [JSON.stringify(fresh()), '{', ' '.repeat(262_145)]) {
      isError(t, await post({ key, payload }), 403, 'forbidden', ['Only those who manage users may do this.'])
    }
  }
})

t.test('405: methods that the path does not have', async (t) => {
  for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
    const answer = await call(`${method} /user/`)
    t.equal(answer.statusCode, 405)
    t.equal(answer.headers.allow, 'GET, POST')
  }
})

t.test('413: a body over the limit', (t) => refusesLargeBodies(t, post))

t.test('415: a body of another type', (t) => refusesOtherTypes(t, post))

t.test('500: a fault that nobody foresaw tells nothing of itself, and leaves nothing', async (t) => {
  const json = fresh()
  await withBrokenTable(db, 'user_count', async () => {
    isError(t, await post({ json }), 500, 'internal_error', ['Internal server error.'])
  })
  t.equal((await post({ json })).statusCode, 201)
})

t.test('500: without its entry in the audit trail nothing is created, and without a user there is no entry', async (t) => {
  const json = fresh()
  const [last] = await newest(db)
  for (const table of ['audit_entry', 'audit_head', 'user_count'] as const) {
    await withBrokenTable(db, table, async () => isError(t, await post({ json }), 500, 'internal_error'))
  }
  t.strictSame(await newest(db), [last])
  isError(t, await post({ json: fresh({ username: 'vera' }) }), 400, 'duplicate')
  isError(t, await post({ key: viewer.key, json }), 403, 'forbidden')
  t.strictSame(await newest(db), [last])
  t.equal((await post({ json })).statusCode, 201)
  t.equal((await newest(db))[0]?.seq, last!.seq + 1, 'what was rolled back leaves no gap')
})

t.test('503', async (t) => {
  await t.test('the database is gone', async (t) => {
    await withLostDatabase(t, directory, async (app) => {
      const answer = await app.inject({ method: 'POST', url: '/api/user/', headers: { authorization: superuser } })
      isError(t, answer, 503, 'unavailable')
      t.equal(answer.headers['retry-after'], '1')
    })
  })
  await t.test('a constraint refuses, and at each look nobody is in the way', async (t) => {
    const index = db.schema.createIndex('clash').on('user_account').column('last_name').unique()
    await index.where('last_name', '=', 'clash').execute()
    t.equal((await post({ json: fresh({ last_name: 'clash' }) })).statusCode, 201)
    const answer = await post({ json: fresh({ last_name: 'clash' }) })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
    await db.schema.dropIndex('clash').execute()
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'createUser'))
