import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex } = directory

t.test('200', async (t) => {
  await t.test('those who manage users read every user of their enterprise', async (t) => {
    const answer = await call(`GET /user/${String(viewer.id)}/`, { key: admin.key })
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), {
      id: viewer.id,
      username: 'vera',
      email: 'vera@acme.example',
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
        created_on: viewer.profile.created_on,
        updated_on: viewer.profile.created_on,
      },
      emm: {},
      has_emm: false,
      last_login: null,
      token: null,
      is_email_verified: false,
    })
  })
  await t.test('anyone reads themself, also without the last slash and with a content type', async (t) => {
    const answer = await call(`GET /user/${String(viewer.id)}?format=json`, {
      key: viewer.key,
      headers: { 'content-type': 'application/json' },
    })
    t.equal(answer.statusCode, 200)
    t.equal(answer.json<{ id: number }>().id, viewer.id)
  })
})

t.test('200: the ETag changes with the user, whoever writes, and with nothing else', async (t) => {
  const path = `/user/${String(viewer.id)}/`
  const tag = async () => (await call(`GET ${path}`, { key: superuser })).headers.etag
  const seen = [await tag()]
  const isNew = async (how: string) => {
    const now = await tag()
    t.notOk(seen.includes(now), how)
    t.equal(await tag(), now, 'as long as nothing happens')
    t.equal((await call(`GET ${path}`, { key: viewer.key })).headers.etag, now, 'for everybody')
    seen.push(now)
  }
  await call(`PATCH ${path}`, { key: superuser, json: { first_name: 'V' } })
  await isNew('a change by the API')
  await call(`PATCH ${path}`, { key: superuser, json: { first_name: '' } })
  await isNew('the change undone')
  await directory.db.updateTable('user_account').set({ is_email_verified: false }).where('id', '=', viewer.id).execute()
  await isNew('a write that knows nothing of tags')
  await directory.db.updateTable('enterprise').set({ google_enterprise_id: 'LC1' }).where('name', '=', 'acme').execute()
  await isNew('what is shown of the enterprise')
  await directory.db.updateTable('enterprise').set({ google_enterprise_id: null }).where('name', '=', 'acme').execute()
  t.equal(await tag(), seen.at(-2))
  await call(`PATCH ${path}`, { key: superuser, json: {} })
  await call('PATCH /user/', { key: superuser, json: {} })
  await directory.create({ username: 'somebody-else' })
  t.equal(await tag(), seen.at(-2), 'no change')
})

t.test('400: no well-formed Host', async (t) => {
  const answer = await call(`GET /user/${String(viewer.id)}/`, { key: superuser, headers: { host: 'a b' } })
  isError(t, answer, 400, 'malformed_request', ['Host: is missing or malformed'])
})

t.test('401: no key, before the id is looked at', async (t) => {
  const answer = await call('GET /user/123abc/')
  isError(t, answer, 401, 'not_authenticated', ['Authentication credentials were not provided.'])
  t.equal(answer.headers['www-authenticate'], 'Bearer')
})

t.test('404', async (t) => {
  await t.test('what is not a canonical decimal names no user', async (t) => {
    for (const id of ['123abc', '1.0', '+1', '01', '0', '-1', '9007199254740992', '1'.repeat(300), '%31%00', '1e0']) {
      isError(t, await call(`GET /user/${id}/`, { key: superuser }), 404, 'not_found', ['user_id: names no user'])
    }
  })
  await t.test('nobody there, another enterprise, and somebody whom the caller may not see answer alike', async (t) => {
    const nobody = await call('GET /user/9007199254740991/', { key: superuser })
    const stranger = await call(`GET /user/${String(globex.user_id)}/`, { key: superuser })
    const hidden = await call(`GET /user/${String(acme.user_id)}/`, { key: viewer.key })
    for (const answer of [nobody, stranger, hidden]) isError(t, answer, 404, 'not_found', ['user_id: names no user'])
  })
})

t.test('405: HEAD is a method that the path does not have', async (t) => {
  const answer = await call(`HEAD /user/${String(viewer.id)}/`)
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'GET, PUT, PATCH, DELETE')
})

t.test('500: a fault that nobody foresaw tells nothing of itself', async (t) => {
  await withBrokenTable(directory.db, 'api_key', async () => {
    const answer = await call(`GET /user/${String(viewer.id)}/`, { key: superuser })
    isError(t, answer, 500, 'internal_error', ['Internal server error.'])
  })
})

t.test('503: the database is gone', async (t) => {
  await withLostDatabase(t, directory, async (app) => {
    const answer = await app.inject({ url: `/api/user/${String(viewer.id)}/`, headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'getUser'))
