import type { ApiKeyMade } from '../../src/users/api-keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn, NO_KEY } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db } = directory
const { path, make, revoke, rotate, list, works } = keysIn(directory)

t.test('204: refused from the next request on', async (t) => {
  for (const by of [viewer.key, admin.key, superuser]) {
    const { id, key } = await make(viewer.key, viewer.id)
    t.ok(await works(key))
    const answer = await revoke(by, viewer.id, id)
    t.equal(answer.statusCode, 204)
    t.equal(answer.body, '')
    t.notOk(await works(key))
  }
  const itself = await make(viewer.key, viewer.id)
  const request = `DELETE ${path(viewer.id, itself.id)}`
  t.equal((await call(request, { key: itself.key, payload: '{' })).statusCode, 204, 'itself, with a body that is ignored')
  t.notOk(await works(itself.key))
  const old = await make(viewer.key, viewer.id)
  const made = (await rotate(viewer.key, viewer.id, old.id)).json<ApiKeyMade>()
  t.equal((await revoke(viewer.key, viewer.id, old.id)).statusCode, 204, 'a rotated one, which ends its overlap')
  t.notOk(await works(old.key))
  t.ok(await works(made.key))
})

t.test('400: no well-formed Host', async (t) => {
  isError(t, await call(`DELETE ${path(1, NO_KEY)}`, { headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401', async (t) => {
  isError(t, await call(`DELETE ${path('x', 'x')}`), 401, 'not_authenticated')
  await t.test('of two keys that revoke each other at once, one works on', async (t) => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await make(viewer.key, viewer.id), await make(viewer.key, viewer.id)]
      const answers = await Promise.all([revoke(a.key, viewer.id, b.id), revoke(b.key, viewer.id, a.id)])
      t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [204, 401])
      t.strictSame([await works(a.key), await works(b.key)].sort(), [false, true])
    }
  })
})

t.test('403', async (t) => {
  const [first] = await list(superuser, acme.user_id)
  for (const id of [admin.id, acme.user_id, globex.user_id, 9007199254740991, 'x']) {
    isError(t, await revoke(viewer.key, id, first!.id), 403, 'forbidden', ['Only those who manage users may do this.'])
  }
  isError(t, await revoke(admin.key, acme.user_id, first!.id), 403, 'forbidden', ['Only a superuser may do this to a superuser.'])
  t.ok(await works(superuser))
})

t.test('404', async (t) => {
  const ofAdmin = (await list(superuser, admin.id))[0]!.id
  const ofGlobex = (await list(globex.api_key, globex.user_id))[0]!.id
  const { id: dead } = await make(viewer.key, viewer.id)
  await revoke(viewer.key, viewer.id, dead)
  for (const id of [NO_KEY, ofAdmin, ofGlobex, dead, 'x', NO_KEY.toUpperCase(), 'x'.repeat(500)]) {
    isError(t, await revoke(superuser, viewer.id, id), 404, 'not_found', ['api_key_id: names no key'])
  }
  for (const user of [globex.user_id, 9007199254740991, 'x', '01']) {
    isError(t, await revoke(superuser, user, ofGlobex), 404, 'not_found', ['user_id: names no user'])
  }
  t.ok(await works(globex.api_key))
})

t.test('405', async (t) => {
  const answer = await call(`GET ${path(viewer.id, NO_KEY)}`, { key: superuser })
  isError(t, answer, 405, 'method_not_allowed')
  t.equal(answer.headers.allow, 'DELETE')
})

t.test('413', async (t) => {
  const answer = await call(`DELETE ${path(viewer.id, NO_KEY)}`, { key: viewer.key, payload: ' '.repeat(262_145) })
  isError(t, answer, 413, 'payload_too_large')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'user_account', async () => {
    isError(t, await revoke(superuser, viewer.id, NO_KEY), 500, 'internal_error')
  })
  await withLostDatabase(t, directory, async (app) => {
    const url = `/api${path(1, NO_KEY)}`
    isError(t, await app.inject({ method: 'DELETE', url, headers: { authorization: superuser } }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'revokeApiKey'))
