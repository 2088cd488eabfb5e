import { operations } from '../../generated/operations.js'
import type { ApiKeyMade } from '../../src/users/api-keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn, NO_KEY } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const LIMIT = 6
const directory = await makeDirectory(t, { ROSTER_KEYS_PER_USER: String(LIMIT) })
const { call, superuser, admin, viewer, acme, globex, db } = directory
const { path, make, rotate, revoke, list, works } = keysIn(directory)
const post = (user_id: number | string, key: string | undefined, json: unknown = { name: 'laptop' }) =>
  call(`POST ${path(user_id)}`, { ...(key === undefined ? {} : { key }), json })
const somebody = async (username: string) => ({ id: (await directory.create({ username })).id, key: await directory.keyOf(username) })

t.test('201', async (t) => {
  await t.test('a key that works, shown once, of the scope and days that were asked for', async (t) => {
    const answer = await post(viewer.id, viewer.key, { name: 'nightly', expires_days: 30, read_only: true, kind: 'sign-in', id: 1 })
    t.equal(answer.statusCode, 201)
    const made = answer.json<ApiKeyMade>()
    t.match(made, { name: 'nightly', kind: 'made', read_only: true, last_used_on: null, replaced_on: null, key: /^rst_/ })
    t.ok(made.key.startsWith(made.prefix))
    t.ok(Math.abs(Date.parse(made.expires_on) - Date.now() - 30 * 86_400_000) < 60_000)
    t.equal((await call('GET /user_info/', { key: made.key })).json<{ id: number }>().id, viewer.id)
  })
  await t.test('1,000 days where nothing is said', async (t) => {
    const { expires_on, read_only } = await make(viewer.key, viewer.id)
    t.ok(Math.abs(Date.parse(expires_on) - Date.now() - 1000 * 86_400_000) < 60_000)
    t.equal(read_only, false)
  })
  await t.test('keys that are revoked are deleted at the next one, so they never grow without end', async (t) => {
    const { id, key } = await somebody('rita')
    for (let i = 0; i < 10; i++) await revoke(key, id, (await make(key, id)).id)
    const { length } = await db.selectFrom('api_key').select('id').where('user_id', '=', id).execute()
    t.equal(length, 2)
  })
})

t.test('a read-only key: every operation that writes is refused before the body is read, and nothing changes', async (t) => {
  const { id, key } = await make(superuser, acme.user_id, { read_only: true })
  const body = { payload: '{', headers: { 'content-type': 'text/plain' } }
  for (const [operation, { method, path: template, readOnlyKey }] of Object.entries(operations)) {
    if (readOnlyKey === 'allowed' || operation === 'login') continue
    for (const user_id of [acme.user_id, viewer.id, 'x']) {
      const request = template.replace('{user_id}', String(user_id)).replace('{api_key_id}', NO_KEY)
      isError(t, await call(`${method} ${request}`, { key, ...body }), 403, 'forbidden')
      t.pass(operation)
    }
  }
  isError(t, await post(acme.user_id, key), 403, 'forbidden', ['This key may only read.'])
  const other = await make(superuser, acme.user_id)
  for (const answer of [await rotate(key, acme.user_id, other.id), await revoke(key, acme.user_id, other.id)]) {
    isError(t, answer, 403, 'forbidden', ['This key may only read, and rotate and revoke itself.'])
  }
  t.equal((await call('GET /user/', { key })).statusCode, 200)
  t.ok(await works(other.key))
  const rotated = (await rotate(key, acme.user_id, id)).json<ApiKeyMade>()
  t.equal(rotated.read_only, true, 'what replaces it is no more than it')
  isError(t, await post(acme.user_id, rotated.key), 403, 'forbidden')
  t.equal((await revoke(rotated.key, acme.user_id, rotated.id)).statusCode, 204)
  t.notOk(await works(rotated.key))
})

t.test('400: all faults at once', async (t) => {
  const faults = [
    'name: must have 1 to 100 characters',
    'expires_days: must be an integer from 1 to 1000',
    'read_only: must be a boolean',
  ]
  for (const expires_days of [0, 1001, -1, 1.5, '5', 1e300]) {
    isError(t, await post(viewer.id, viewer.key, { name: '', expires_days, read_only: 1 }), 400, 'validation_failed', faults)
  }
  isError(t, await post(viewer.id, viewer.key, {}), 400, 'validation_failed', ['name: is required'])
  isError(t, await post(viewer.id, viewer.key, { name: 'a\nb' }), 400, 'validation_failed', ['name: must have no control characters'])
  for (const name of ['\u3164', '\u2800', '  ', 'laptop\ufe0f', 'lap\u034ftop', '\u17b4', 'laptop\u{e0100}']) {
    const unseen = ['name: must have no invisible characters, and at least one visible character']
    isError(t, await post(viewer.id, viewer.key, { name }), 400, 'validation_failed', unseen)
  }
  isError(t, await post(viewer.id, viewer.key, { name: 'a'.repeat(101) }), 400, 'validation_failed')
  isError(t, await post(viewer.id, viewer.key, { name: 'a', expires_days: null }), 400, 'validation_failed')
})

t.test('401', async (t) => {
  isError(t, await post(viewer.id, undefined), 401, 'not_authenticated')
  isError(t, await post('x', 'x'), 401, 'invalid_credentials')
  await t.test('a key that is revoked at the same moment makes no other', async (t) => {
    const { id, key } = await somebody('rosa')
    for (let round = 0; round < 5; round++) {
      const made = await make(key, id)
      const [revoked, second] = await Promise.all([revoke(key, id, made.id), post(id, made.key)])
      t.equal(revoked.statusCode, 204)
      t.ok([201, 401].includes(second.statusCode))
      if (second.statusCode === 201) await revoke(key, id, second.json<ApiKeyMade>().id)
    }
  })
})

t.test('403', async (t) => {
  await t.test('for anybody else, whether there is one or not', async (t) => {
    for (const key of [superuser, admin.key]) {
      for (const id of [viewer.id, globex.user_id, 9007199254740991, 'x']) {
        isError(t, await post(id, key), 403, 'forbidden', ['Anybody may do this for themself alone.'])
      }
    }
  })
  await t.test('with a key that was rotated', async (t) => {
    const { id, key } = await somebody('rolf')
    const made = await make(key, id)
    await rotate(key, id, made.id)
    t.ok(await works(made.key), 'though it still reads')
    isError(t, await post(id, made.key), 403, 'forbidden', ['This key was rotated: use the one that replaces it.'])
  })
})

t.test('405', async (t) => {
  isError(t, await call(`PATCH ${path(viewer.id)}`, { key: superuser, json: {} }), 405, 'method_not_allowed')
})

t.test('409: as many keys as a user may have, also when they are made at once', async (t) => {
  const { id, key } = await somebody('kate')
  const answers = await Promise.all(Array.from({ length: LIMIT + 3 }, () => post(id, key)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, LIMIT - 1, 'the first is from the command line')
  const text = [`api_key: at most ${String(LIMIT)} at a time`]
  isError(t, await post(id, key), 409, 'too_many_keys', text)
  const [, second] = await list(key, id)
  await revoke(key, id, second!.id)
  t.equal((await post(id, key)).statusCode, 201)
})

t.test('413 and 415', async (t) => {
  const payload = ' '.repeat(262_145)
  isError(t, await call(`POST ${path(viewer.id)}`, { key: viewer.key, payload }), 413, 'payload_too_large')
  const headers = { 'content-type': 'text/plain' }
  isError(t, await call(`POST ${path(viewer.id)}`, { key: viewer.key, payload: '{}', headers }), 415, 'unsupported_media_type')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'api_key', async () => isError(t, await post(viewer.id, viewer.key), 500, 'internal_error'))
  await withLostDatabase(t, directory, async (app) => {
    const answer = await app.inject({ method: 'POST', url: `/api${path(1)}`, headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'createApiKey'))
