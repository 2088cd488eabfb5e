import { hash } from 'node:crypto'
import argon2 from 'argon2'
import type { LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import type { Test } from 'tap'
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
    const index = db.schema.createIndex('user_account_username_clash').on('user_account').column('last_name').unique()
    await index.where('last_name', '=', 'clash').execute()
    t.equal((await post({ json: fresh({ last_name: 'clash' }) })).statusCode, 201)
    const answer = await post({ json: fresh({ last_name: 'clash' }) })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
    await db.schema.dropIndex('user_account_username_clash').execute()
  })
})

const keyed = (key: string, json: unknown, options: Parameters<Send>[0] = {}) =>
  post({ json, ...options, headers: { 'idempotency-key': key } })
/** Asserts that an answer is the first one, sent again. */
const isReplay = (t: Test, again: LightMyRequestResponse, first: LightMyRequestResponse): void => {
  t.equal(again.statusCode, 201)
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal(again.body, first.body)
  t.equal(again.headers.etag, first.headers.etag)
}
/** Asserts that a user was made, now. */
const isMade = (t: Test, answer: LightMyRequestResponse): void => {
  t.equal(answer.statusCode, 201)
  t.notOk('idempotency-replayed' in answer.headers)
}
const countOf = async (username: string) =>
  (await db.selectFrom('user_account').select('id').where('username', '=', username).execute()).length
const kept = () => db.selectFrom('idempotency_key').selectAll().execute()
const age = (interval: string) => sql`update idempotency_key set created_on = now() - ${interval}::interval`.execute(db)
const reversed = (json: object): string => JSON.stringify(Object.fromEntries(Object.entries(json).reverse()))

t.test('400: names that look like others, or that nobody sees', async (t) => {
  await directory.create({ username: 'lookalike' })
  const text = 'username: must have no control, format, separator or invisible characters, and no white space at its ends'
  for (const character of ['\ufe0f', '\u034f', '\u{e0100}', '\u17b4', '\u3164', '\u2800', '\u200d', '\u115f', '\u{e0001}']) {
    for (const username of [character, `lookalike${character}`, `${character}lookalike`]) {
      isError(t, await call('POST /user/', { key: superuser, json: { username, profile: {} } }), 400, 'validation_failed', [text])
    }
  }
  const shown = { first_name: 'Bob \u2764\ufe0f', last_name: '\u3164', profile: { groups: ['\u{1f469}\u200d\u{1f4bb}'] } }
  t.match(await directory.create({ username: 'displayed', ...shown }), { ...shown, full_name: 'Bob \u2764\ufe0f \u3164' }, 'what is only displayed is free')
})

t.test('201: with an Idempotency-Key', async (t) => {
  await t.test('the first answer comes again, whatever the order of the fields, the quotes, and what became of the user', async (t) => {
    const json = fresh({ profile: { groups: ['b', 'a'], role: 'Viewer' }, password: 'correct horse', unknown: { b: [1], a: null } })
    const first = await keyed('"again"', json)
    isMade(t, first)
    const payload = reversed({ ...json, profile: { role: 'Viewer', groups: ['b', 'a'] }, unknown: { a: null, b: [1] } })
    for (const key of ['"again"', 'again']) {
      isReplay(t, await keyed(key, json), first)
      isReplay(t, await post({ payload, headers: { 'idempotency-key': key, 'content-type': 'application/json' } }), first)
    }
    await call(`PATCH /user/${String(first.json<User>().id)}/`, { key: superuser, json: { last_name: 'Changed' } })
    isReplay(t, await keyed('again', json), first)
    t.equal(await countOf(json.username), 1)
  })
  await t.test('nothing of the key or of a password is kept, nor a digest that the database alone can make', async (t) => {
    const json = fresh({ password: 'correct horse staple' })
    isMade(t, await keyed('secret-of-the-client', json))
    const rows = await kept()
    const stored = JSON.stringify(rows.map((row) => Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value))))
    for (const secret of ['secret-of-the-client', 'correct horse', 'argon2']) t.notMatch(stored, secret)
    const digests = rows.map(({ body_hmac }) => Buffer.from(body_hmac).toString('hex'))
    t.notOk(digests.includes(hash('sha256', JSON.stringify(json))))
  })
  await t.test('a repetition hashes no password', async (t) => {
    const config = testConfig(store)
    const passwords = makePasswords(config)
    let hashes = 0
    const counting = { ...passwords, hash: (password: string) => (hashes++, passwords.hash(password)) }
    const app = await buildApp(config, { db, passwords: counting })
    t.teardown(() => app.close())
    const payload = fresh({ password: 'correct horse' })
    const headers = { authorization: superuser, 'idempotency-key': 'costly' }
    const send = () => app.inject({ method: 'POST', url: '/api/user/', headers, payload })
    const first = await send()
    for (let round = 0; round < 3; round++) isReplay(t, await send(), first)
    t.equal(hashes, 1)
  })
  await t.test('the key of another caller, and of another enterprise, is another key', async (t) => {
    const json = fresh()
    isMade(t, await keyed('shared', json))
    isError(t, await keyed('shared', json, { key: admin.key }), 400, 'duplicate')
    isMade(t, await keyed('shared', fresh(), { key: admin.key }))
    const stranger = await keyed('shared', json, { key: globex.api_key })
    isMade(t, stranger)
    t.equal(stranger.json<User>().profile.enterprise, globex.enterprise)
    isReplay(t, await keyed('shared', json, { key: globex.api_key }), stranger)
  })
  await t.test('whatever was refused or failed leaves the key free', async (t) => {
    isError(t, await keyed('free', fresh({ username: 'vera' })), 400, 'duplicate')
    isError(t, await keyed('free', fresh({ email: 'nobody' })), 400, 'validation_failed')
    for (const table of ['user_count', 'idempotency_key'] as const) {
      const json = fresh()
      await withBrokenTable(db, table, async () => isError(t, await keyed('free', json), 500, 'internal_error'))
      t.equal(await countOf(json.username), 0)
    }
    isMade(t, await keyed('free', fresh()))
  })
  await t.test('it is free again when the user is deleted, and nothing of the user stays', async (t) => {
    const json = fresh()
    const first = await keyed('deleted', json)
    const { id } = first.json<User>()
    await call(`DELETE /user/${String(id)}/`, { key: superuser })
    t.strictSame((await kept()).filter(({ target_id }) => target_id === id), [])
    const second = await keyed('deleted', json)
    isMade(t, second)
    t.not(second.json<User>().id, id)
    isReplay(t, await keyed('deleted', json), second)
  })
  await t.test('what a caller had kept goes with the caller', async (t) => {
    const boss = await directory.create(fresh({ profile: { role: 'Enterprise Admin' } }))
    isMade(t, await keyed('boss', fresh(), { key: await directory.keyOf(boss.username) }))
    t.equal((await call(`DELETE /user/${String(boss.id)}/`, { key: superuser })).statusCode, 204)
    t.strictSame((await kept()).filter(({ user_id }) => user_id === boss.id), [])
  })
  await t.test('it is kept for 24 hours', async (t) => {
    const json = fresh()
    const first = await keyed('aged', json)
    await age('23 hours 59 minutes')
    isReplay(t, await keyed('aged', json), first)
    await age('24 hours 1 minute')
    isError(t, await keyed('aged', json), 400, 'duplicate')
    const other = fresh()
    const second = await keyed('aged', other)
    isMade(t, second)
    isReplay(t, await keyed('aged', other), second)
  })
  await t.test('or for as long as the operator says', async (t) => {
    const config = testConfig(store, { ROSTER_IDEMPOTENCY_HOURS: '48' })
    const app = await buildApp(config, { db, passwords: makePasswords(config) })
    t.teardown(() => app.close())
    const payload = fresh()
    const send = () => app.inject({ method: 'POST', url: '/api/user/', headers: { authorization: superuser, 'idempotency-key': 'long' }, payload })
    const first = await send()
    await age('47 hours')
    isReplay(t, await send(), first)
    await age('49 hours')
    isError(t, await send(), 400, 'duplicate')
  })
  await t.test('what has expired is removed, some at a time', async (t) => {
    const { id } = await directory.create(fresh())
    await sql`
      insert into idempotency_key (enterprise_id, user_id, operation, key_hash, body_hmac, status, body, etag, target_id)
      select enterprise_id, id, 'createUser', decode(lpad(n::text, 8, '0'), 'hex'), '', 201, '{}', '', id
      from user_account, generate_series(1, 50) as n where id = ${id}`.execute(db)
    await age('2 days')
    const { id: enterprise_id } = await db.selectFrom('enterprise').select('id').where('name', '=', 'acme').executeTakeFirstOrThrow()
    const own = async () => (await kept()).filter((row) => row.enterprise_id === enterprise_id).length
    const before = await own()
    for (const round of [1, 2, 3]) {
      isMade(t, await keyed(`prune-${String(round)}`, fresh()))
      t.equal(await own(), Math.max(0, before - round * 20) + round)
    }
  })
  await t.test('another process was done with it while this one hashed: its answer comes', async (t) => {
    const config = testConfig(store)
    const passwords = makePasswords(config)
    const json = fresh({ password: 'correct horse' })
    let first: LightMyRequestResponse | undefined
    const slow = async (password: string) => {
      first = await keyed('overtaken', json)
      return passwords.hash(password)
    }
    const app = await buildApp(config, { db, passwords: { ...passwords, hash: slow } })
    t.teardown(() => app.close())
    const headers = { authorization: superuser, 'idempotency-key': 'overtaken' }
    const second = await app.inject({ method: 'POST', url: '/api/user/', headers, payload: json })
    isMade(t, first!)
    isReplay(t, second, first!)
  })
})

t.test('400: an Idempotency-Key that is none, with the other faults', async (t) => {
  const fault = 'Idempotency-Key: must be one string of 1 to 255 visible ASCII characters, in quotes or without'
  for (const key of ['', '"a', 'a b', '"a", "b"', 'x'.repeat(256)]) {
    isError(t, await keyed(key, fresh()), 400, 'validation_failed', [fault])
  }
  isError(t, await keyed('a b', fresh({ is_active: 1 })), 400, 'validation_failed', ['is_active: must be a boolean', fault])
})

t.test('401 and 403: who may not create users any more does not get the answer that was kept', async (t) => {
  const boss = await directory.create(fresh({ profile: { role: 'Enterprise Admin' } }))
  const key = await directory.keyOf(boss.username)
  const json = fresh()
  const first = await keyed('boss', json, { key })
  const change = (fields: object) => call(`PATCH /user/${String(boss.id)}/`, { key: superuser, json: fields })
  await change({ profile: { role: 'Viewer' } })
  isError(t, await keyed('boss', json, { key }), 403, 'forbidden')
  await change({ profile: { role: 'Enterprise Admin' } })
  isReplay(t, await keyed('boss', json, { key }), first)
  await change({ is_active: false })
  isError(t, await keyed('boss', json, { key }), 401, 'invalid_credentials')
})

t.test('409: of two with one key at once, one makes the user', async (t) => {
  const config = testConfig(store)
  const passwords = makePasswords(config)
  const payload = fresh({ password: 'correct horse' })
  const send = (body: object = payload) =>
    app.inject({ method: 'POST', url: '/api/user/', headers: { authorization: superuser, 'idempotency-key': 'twice' }, payload: body })
  const meanwhile: LightMyRequestResponse[] = []
  const slow = async (password: string) => {
    meanwhile.push(await send(), await send(fresh()))
    return passwords.hash(password)
  }
  const app = await buildApp(config, { db, passwords: { ...passwords, hash: slow }, onAnswer: (answer) => directory.answers.push(answer) })
  t.teardown(() => app.close())
  const made = await send()
  isMade(t, made)
  t.equal(meanwhile.length, 2)
  for (const refused of meanwhile) {
    isError(t, refused, 409, 'idempotency_conflict', ['Idempotency-Key: a request with it is under way'])
  }
  isReplay(t, await send(), made)
  t.ok(directory.answers.every(({ faults }) => faults.length === 0))
})

t.test('422: the key came with another body, or with another API key of the caller', async (t) => {
  const json = fresh({ profile: { groups: ['a', 'b'] } })
  const first = await keyed('taken', json)
  const errors = ['Idempotency-Key: was sent with another body or another API key']
  const others = [fresh(), { ...json, first_name: '' }, { ...json, unknown: 1 }, { ...json, profile: { groups: ['b', 'a'] } }]
  for (const other of others) isError(t, await keyed('taken', other), 422, 'idempotency_mismatch', errors)
  const key = await directory.keyOf('alice')
  isError(t, await keyed('taken', json, { key }), 422, 'idempotency_mismatch', errors)
  isReplay(t, await keyed('taken', json), first)
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'createUser'))
