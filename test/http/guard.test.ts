import { operations } from '../../generated/operations.js'
import { isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer } = directory
const MANAGERS_ONLY = ['Only those who manage users may do this.']
const NO_USER = ['user_id: names no user']

t.test('who may call is asked before whether the id is one, and both before the body', async (t) => {
  const body = { payload: '{', headers: { 'content-type': 'text/plain' } }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    for (const id of ['123abc', '1.0', '+1', '01', '0', '9007199254740992', '%20', '1%00', 'x'.repeat(500)]) {
      isError(t, await call(`${method} /user/${id}/`, body), 401, 'not_authenticated')
      isError(t, await call(`${method} /user/${id}/`, { key: viewer.key, ...body }), 403, 'forbidden', MANAGERS_ONLY)
      isError(t, await call(`${method} /user/${id}/`, { key: superuser, ...body }), 404, 'not_found', NO_USER)
    }
  }
  isError(t, await call('GET /user/123abc/', { key: viewer.key }), 404, 'not_found', NO_USER)
  isError(t, await call('POST /user/', { key: viewer.key, ...body }), 403, 'forbidden', MANAGERS_ONLY)
  const itself = await call(`DELETE /user/${String(admin.id)}/`, { key: admin.key, ...body })
  isError(t, itself, 403, 'forbidden', ['Nobody may delete, deactivate or demote themself.'])
})

const WITH_KEY = Object.values(operations).filter(({ needsKey }) => needsKey)

t.test('a database that fails is never taken for a wrong key', async (t) => {
  for (const { method, path } of WITH_KEY) {
    const request = `${method} ${path.replace('{user_id}', String(viewer.id)).replace('{api_key_id}', '0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10')}`
    await withBrokenTable(directory.db, 'api_key', async () => {
      isError(t, await call(request, { key: superuser, json: {} }), 500, 'internal_error')
    })
  }
  await withLostDatabase(t, directory, async (app) => {
    for (const { method, path } of WITH_KEY) {
      const url = `/api${path.replace('{user_id}', '123abc').replace('{api_key_id}', 'x')}`
      isError(t, await app.inject({ method, url, headers: { authorization: superuser } }), 503, 'unavailable')
      isError(t, await app.inject({ method, url }), 401, 'not_authenticated')
    }
  })
})
