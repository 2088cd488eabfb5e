import type { ApiKeyMade } from '../../src/users/api-keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn, NO_KEY } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const OVERLAP_MS = 3_600_000
const directory = await makeDirectory(t, { ROSTER_ROTATE_OVERLAP_MS: String(OVERLAP_MS), ROSTER_KEYS_PER_USER: '4' })
const { call, superuser, admin, viewer, acme, globex, db } = directory
const { path, make, rotate, revoke, list, works, expire } = keysIn(directory)

t.test('201', async (t) => {
  await t.test('a new secret of the same name, scope and expiry; the old one works for the overlap', async (t) => {
    const old = await make(viewer.key, viewer.id, { name: 'ci', read_only: true, expires_days: 7 })
    const answer = await rotate(viewer.key, viewer.id, old.id)
    t.equal(answer.statusCode, 201)
    const made = answer.json<ApiKeyMade>()
    t.match(made, { name: 'ci', read_only: true, kind: 'made', last_used_on: null, replaced_on: null })
    t.not(made.id, old.id)
    t.not(made.key, old.key)
    t.ok(Math.abs(Date.parse(made.expires_on) - Date.parse(old.expires_on)) < 1000)
    t.ok(await works(old.key))
    t.ok(await works(made.key))
    const listed = (await list(viewer.key, viewer.id)).find(({ id }) => id === old.id)!
    t.match(listed.replaced_on, /Z$/)
    t.ok(Math.abs(Date.parse(listed.expires_on) - Date.now() - OVERLAP_MS) < 60_000)
    await expire(old.id)
    t.notOk(await works(old.key), 'and no longer')
    t.ok(await works(made.key))
    await revoke(viewer.key, viewer.id, made.id)
  })
  await t.test('not longer than it would have', async (t) => {
    const old = await make(viewer.key, viewer.id)
    const expires_on = new Date(Date.now() + 60_000)
    await db.updateTable('api_key').set({ expires_on }).where('id', '=', old.id).execute()
    const made = (await rotate(viewer.key, viewer.id, old.id)).json<ApiKeyMade>()
    t.ok(Date.parse(made.expires_on) < Date.now() + 61_000)
    const listed = (await list(viewer.key, viewer.id)).find(({ id }) => id === old.id)
    t.equal(listed?.expires_on, expires_on.toISOString())
    for (const id of [old.id, made.id]) await revoke(viewer.key, viewer.id, id)
  })
  await t.test('a key rotates itself, and a body is ignored', async (t) => {
    const old = await make(viewer.key, viewer.id)
    const request = `POST ${path(viewer.id, old.id)}rotate/`
    const made = (await call(request, { key: old.key, payload: '{' })).json<ApiKeyMade>()
    t.ok(await works(made.key))
    for (const id of [old.id, made.id]) await revoke(viewer.key, viewer.id, id)
  })
})

t.test('400: no well-formed Host', async (t) => {
  isError(t, await call(`POST ${path(1, NO_KEY)}rotate/`, { headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401', async (t) => {
  isError(t, await call(`POST ${path(viewer.id, NO_KEY)}rotate/`), 401, 'not_authenticated')
  const made = await make(viewer.key, viewer.id)
  await revoke(viewer.key, viewer.id, made.id)
  isError(t, await rotate(made.key, viewer.id, made.id), 401, 'invalid_credentials')
})

t.test("403: another's, whether it is there or not, and with a key that was rotated", async (t) => {
  const made = await make(viewer.key, viewer.id)
  for (const key of [superuser, admin.key]) {
    for (const [user, id] of [[viewer.id, made.id], [globex.user_id, NO_KEY], [9007199254740991, 'x']] as const) {
      isError(t, await rotate(key, user, id), 403, 'forbidden', ['Anybody may do this for themself alone.'])
    }
  }
  const other = await make(viewer.key, viewer.id)
  await rotate(viewer.key, viewer.id, made.id)
  isError(t, await rotate(made.key, viewer.id, other.id), 403, 'forbidden', ['This key was rotated: use the one that replaces it.'])
  for (const { id } of (await list(viewer.key, viewer.id)).slice(1)) await revoke(viewer.key, viewer.id, id)
})

t.test('404: no key of the caller that works', async (t) => {
  const others = (await list(superuser, admin.id))[0]!.id
  const dead = await make(viewer.key, viewer.id)
  await revoke(viewer.key, viewer.id, dead.id)
  for (const id of [NO_KEY, others, dead.id, 'x', NO_KEY.toUpperCase(), `{${NO_KEY}}`]) {
    isError(t, await rotate(viewer.key, viewer.id, id), 404, 'not_found', ['api_key_id: names no key'])
  }
})

t.test('405', async (t) => {
  const answer = await call(`GET ${path(viewer.id, NO_KEY)}rotate/`, { key: superuser })
  isError(t, answer, 405, 'method_not_allowed')
  t.equal(answer.headers.allow, 'POST')
})

t.test('409', async (t) => {
  await t.test('of two rotations at once one is done', async (t) => {
    for (let round = 0; round < 5; round++) {
      const old = await make(viewer.key, viewer.id)
      const answers = await Promise.all([1, 2].map(() => rotate(viewer.key, viewer.id, old.id)))
      t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [201, 409])
      isError(t, await rotate(viewer.key, viewer.id, old.id), 409, 'already_rotated', ['api_key_id: was rotated already'])
      for (const { id } of (await list(viewer.key, viewer.id)).slice(1)) await revoke(viewer.key, viewer.id, id)
    }
  })
  await t.test('a key that is rotated again and again leaves no trail without end', async (t) => {
    let { id } = await make(viewer.key, viewer.id)
    for (let rounds = 1; rounds <= 6; rounds++) id = (await rotate(viewer.key, viewer.id, id)).json<ApiKeyMade>().id
    isError(t, await rotate(viewer.key, viewer.id, id), 409, 'too_many_keys', ['api_key: at most 8 at a time'])
  })
})

t.test('413: a body that is too large, though it would be ignored', async (t) => {
  const answer = await call(`POST ${path(viewer.id, NO_KEY)}rotate/`, { key: viewer.key, payload: ' '.repeat(262_145) })
  isError(t, answer, 413, 'payload_too_large')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'user_account', async () => {
    isError(t, await rotate(superuser, acme.user_id, NO_KEY), 500, 'internal_error')
  })
  await withLostDatabase(t, directory, async (app) => {
    const url = `/api${path(1, NO_KEY)}rotate/`
    isError(t, await app.inject({ method: 'POST', url, headers: { authorization: superuser } }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'rotateApiKey'))
