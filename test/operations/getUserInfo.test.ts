import { crc32 } from 'node:zlib'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { revokeKey } from '../../src/auth/made-keys.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import { clientWritesOf } from '../../src/db/clients.js'
import type { User } from '../../src/users/user.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { storedHash } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db } = directory
const acmeKey = parseKey(superuser)!
const globexKey = parseKey(globex.api_key)!

await db.transaction().execute(async (trx) => {
  await clientWritesOf(trx, acmeKey.enterprise_id).insert('console')
  await clientWritesOf(trx, globexKey.enterprise_id).insert('portal')
})
const withAuthorization = (authorization: string) => call('GET /user_info/', { headers: { authorization } })

t.test('200', async (t) => {
  await t.test('the caller, with the key it presented', async (t) => {
    const answer = await call('GET /user_info/', { key: superuser })
    t.equal(answer.statusCode, 200)
    const { created_on } = answer.json<User>().profile
    t.strictSame(answer.json(), {
      id: acme.user_id,
      username: 'alice',
      email: 'alice@acme.example',
      first_name: '',
      last_name: '',
      full_name: '',
      is_active: true,
      is_staff: true,
      is_superuser: true,
      profile: {
        role: 'Enterprise Admin',
        groups: [],
        authz_role_id: null,
        enterprise: acme.enterprise,
        created_on,
        updated_on: created_on,
      },
      emm: {},
      has_emm: false,
      last_login: null,
      token: superuser,
      is_email_verified: false,
    })
  })
  await t.test('anyone, also without the last slash, with a content type and unknown parameters', async (t) => {
    for (const { key, ...user } of [viewer, admin]) {
      const headers = { 'content-type': 'application/json' }
      const answer = await call('GET /user_info?format=json&limit=x', { key, headers })
      t.equal(answer.statusCode, 200)
      t.strictSame(answer.json(), { ...user, token: key })
    }
  })
  await t.test('every form of Authorization', async (t) => {
    for (const prefix of ['', 'Bearer ', 'bearer ', 'BEARER ', 'Bearer   ']) {
      const answer = await withAuthorization(`${prefix}${viewer.key}`)
      t.equal(answer.statusCode, 200)
      t.equal(answer.json<User>().token, viewer.key)
    }
  })
  await t.test('the enrolment of the enterprise, the last sign-in and the verified address', async (t) => {
    const last_login = '2026-02-01T08:15:30.123Z'
    const enrol = (google_enterprise_id: string | null) =>
      db.updateTable('enterprise').set({ google_enterprise_id }).where('id', '=', acmeKey.enterprise_id).execute()
    await enrol('LC01234abc')
    const stored = { last_login: new Date(last_login), is_email_verified: true }
    await db.updateTable('user_account').set(stored).where('id', '=', viewer.id).execute()
    const answer = await call('GET /user_info/', { key: viewer.key })
    const { key, ...user } = viewer
    const enrolled = { emm: { google_enterprise_id: 'LC01234abc' }, has_emm: true }
    t.strictSame(answer.json(), { ...user, ...enrolled, token: key, last_login, is_email_verified: true })
    const stranger = (await call('GET /user_info/', { key: globex.api_key })).json<User>()
    t.strictSame([stranger.emm, stranger.has_emm], [{}, false])
    await enrol(null)
  })
  await t.test("the tenant is the caller's, the client one of it", async (t) => {
    const [tenant, client] = [{ 'X-Tenant': 'acme' }, { 'X-Client-Id': 'console' }]
    for (const headers of [tenant, client, { ...tenant, ...client }]) {
      t.equal((await call('GET /user_info/', { key: viewer.key, headers })).statusCode, 200)
    }
  })
})

t.test('400: no well-formed Host', async (t) => {
  const answer = await call('GET /user_info/', { key: superuser, headers: { host: 'a/b' } })
  isError(t, answer, 400, 'malformed_request', ['Host: is missing or malformed'])
})

t.test('401', async (t) => {
  await t.test('no key was sent', async (t) => {
    const message = 'Authentication credentials were not provided.'
    const empty = await Promise.all(['', '  ', 'Bearer', 'bearer  '].map(withAuthorization))
    for (const answer of [await call('GET /user_info/'), ...empty]) {
      isError(t, answer, 401, 'not_authenticated', [message])
      t.equal(answer.json<{ message: string }>().message, message)
      t.equal(answer.headers['www-authenticate'], 'Bearer')
    }
  })
  await t.test('a key that is none, of nobody, or in another form', async (t) => {
    const signed = (body: string) => `${body}_${crc32(body).toString(36).padStart(7, '0')}`
    const [, number, secret, sum] = superuser.split('_') as [string, string, string, string]
    const values = {
      'no key': 'x',
      'another scheme': `Basic ${Buffer.from('alice:x').toString('base64')}`,
      'a token': `Token ${superuser}`,
      'no space': `Bearer${superuser}`,
      'twice Bearer': `Bearer Bearer ${superuser}`,
      'two keys': `${superuser} ${superuser}`,
      'a list of keys': `Bearer ${superuser}, Bearer ${superuser}`,
      'in quotes': `"${superuser}"`,
      'other case': superuser.toUpperCase(),
      'cut off': superuser.slice(0, -1),
      'longer': `${superuser}0`,
      'a wrong checksum': `rst_${number}_${secret}_${sum === '0000000' ? '0000001' : '0000000'}`,
      'a wrong secret': `rst_${number}_${secret.startsWith('a') ? 'b' : 'a'}${secret.slice(1)}_${sum}`,
      'nobody has it': makeKey(acmeKey.enterprise_id).key,
      'no such enterprise': makeKey(2 ** 48 - 1).key,
      'the number of another enterprise': signed(`rst_${globexKey.enterprise_id.toString(36)}_${secret}`),
      'a number with a zero in front': signed(`rst_0${number}_${secret}`),
      'a number that is too large': signed(`rst_${(2 ** 48).toString(36)}_${secret}`),
      'another prefix': signed(`rsT_${number}_${secret}`),
      'much': 'x'.repeat(10_000),
    }
    const message = 'Invalid or missing credentials.'
    for (const [name, value] of Object.entries(values)) {
      const answer = await withAuthorization(value)
      isError(t, answer, 401, 'invalid_credentials', [message])
      t.equal(answer.json<{ message: string }>().message, message, name)
      t.equal(answer.headers['www-authenticate'], 'Bearer')
      t.notMatch(answer.body, secret)
    }
  })
  await t.test('an expired and a revoked key; the others of the user still work', async (t) => {
    const expired = await directory.keyOf('vera')
    const revoked = await directory.keyOf('vera')
    for (const key of [expired, revoked]) t.equal((await call('GET /user_info/', { key })).statusCode, 200)
    await db.updateTable('api_key').set({ expires_on: new Date() }).where('hash', '=', storedHash(expired)).execute()
    await revokeKey(db, (await findEnterprise(db, 'acme'))!, parseKey(revoked)!.prefix)
    for (const key of [expired, revoked]) isError(t, await call('GET /user_info/', { key }), 401, 'invalid_credentials')
    t.equal((await call('GET /user_info/', { key: viewer.key })).statusCode, 200)
  })
  await t.test('an inactive user, also when it is active again: its keys are revoked', async (t) => {
    for (const is_active of [false, true]) {
      await call(`PATCH /user/${String(viewer.id)}/`, { key: superuser, json: { is_active } })
      t.equal((await call('GET /user_info/', { key: viewer.key })).statusCode, 401)
    }
  })
  await t.test('another tenant or client, whatever is wrong with it', async (t) => {
    const tenants = ['globex', 'Acme', 'acme ltd', 'nobody', '', 'acme, acme', 'a'.repeat(100), '-', '%00']
    const clients = ['portal', 'Console', 'nobody', '', 'console, console', 'c'.repeat(100), "'"]
    const sent = [
      ...tenants.map((tenant) => ({ 'x-tenant': tenant })),
      ...clients.map((client) => ({ 'x-client-id': client })),
      { 'x-tenant': 'acme', 'x-client-id': 'portal' },
      { 'x-tenant': 'globex', 'x-client-id': 'console' },
    ]
    for (const headers of sent) {
      const answer = await call('GET /user_info/', { key: superuser, headers })
      isError(t, answer, 401, 'invalid_credentials', ['Invalid or missing credentials.'])
    }
  })
})

t.test('405: methods that the path does not have, before the key is looked at', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
    const answer = await call(`${method} /user_info/`, { payload: '{', headers: { 'content-type': 'application/json' } })
    t.equal(answer.statusCode, 405)
    t.equal(answer.headers.allow, 'GET')
  }
})

t.test('500: a fault that nobody foresaw tells nothing of itself', async (t) => {
  await withBrokenTable(db, 'client', async () => {
    const answer = await call('GET /user_info/', { key: superuser, headers: { 'x-client-id': 'console' } })
    isError(t, answer, 500, 'internal_error', ['Internal server error.'])
  })
})

t.test('503: the database is gone, which is no 401', async (t) => {
  await withLostDatabase(t, directory, async (app) => {
    const answer = await app.inject({ url: '/api/user_info/', headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
    const typo = await app.inject({ url: '/api/user_info/', headers: { authorization: `${superuser}x` } })
    isError(t, typo, 401, 'invalid_credentials')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'getUserInfo'))
