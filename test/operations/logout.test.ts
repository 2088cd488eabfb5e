import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, viewer, db } = directory
const { make, works } = keysIn(directory)
const logout = (key?: string) => call('POST /logout/', key === undefined ? {} : { key })

t.test('204: the presented key is refused from then on, and no other', async (t) => {
  for (const fields of [{}, { read_only: true }]) {
    const { key } = await make(viewer.key, viewer.id, fields)
    const answer = await logout(key)
    t.equal(answer.statusCode, 204)
    t.equal(answer.body, '')
    isError(t, await call('GET /user_info/', { key }), 401, 'invalid_credentials')
    t.ok(await works(viewer.key))
  }
  const { key } = await make(viewer.key, viewer.id)
  t.equal((await call('POST /logout', { key, payload: '{' })).statusCode, 204, 'a body is ignored')
})

t.test('400: no well-formed Host', async (t) => {
  isError(t, await call('POST /logout/', { headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401', async (t) => {
  isError(t, await logout(), 401, 'not_authenticated')
  const { key } = await make(viewer.key, viewer.id)
  const statuses = (await Promise.all([logout(key), logout(key)])).map(({ statusCode }) => statusCode)
  t.strictSame(statuses.sort(), [204, 401], 'twice at once')
  isError(t, await logout(key), 401, 'invalid_credentials')
})

t.test('405 and 413', async (t) => {
  isError(t, await call('GET /logout/', { key: superuser }), 405, 'method_not_allowed')
  isError(t, await call('POST /logout/', { key: superuser, payload: ' '.repeat(262_145) }), 413, 'payload_too_large')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'user_account', async () => isError(t, await logout(superuser), 500, 'internal_error'))
  await withLostDatabase(t, directory, async (app) => {
    isError(t, await app.inject({ method: 'POST', url: '/api/logout/', headers: { authorization: superuser } }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'logout'))
