import { parseKey } from '../../src/auth/keys.js'
import { keysOf } from '../../src/db/keys.js'
import { readTokenInfo } from '../../src/users/api-keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn, NO_KEY } from '../helpers/keys.js'
import { row } from '../helpers/rows.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, viewer, acme, db } = directory
const { make, rotate } = keysIn(directory)
const info = (key?: string) => call('GET /v1/token-info/', key === undefined ? {} : { key })

t.test('200: what the key is and whose', async (t) => {
  const [stored] = await keysOf(db, parseKey(superuser)!.enterprise_id).list()
  t.strictSame((await info(superuser)).json(), {
    id: stored!.id,
    enterprise: acme.enterprise,
    user: String(acme.user_id),
    developer_app: null,
    source_refresh_token: null,
    token: superuser,
    expires_on: stored!.expires_on.toISOString(),
    scope: ['read', 'write'],
    created_on: stored!.created_on.toISOString(),
    updated_on: stored!.created_on.toISOString(),
  })
  const made = await make(viewer.key, viewer.id, { read_only: true, expires_days: 1 })
  const { expires_on } = made
  t.match((await info(made.key)).json(), { id: made.id, user: String(viewer.id), token: made.key, scope: ['read'], expires_on })
  await rotate(made.key, viewer.id, made.id)
  const rotated = (await info(made.key)).json<{ created_on: string; updated_on: string }>()
  t.ok(rotated.updated_on > rotated.created_on)
  t.equal((await call('GET /v1/token-info?format=json', { key: superuser })).statusCode, 200, 'without the last slash')
})

t.test('400: no well-formed Host', async (t) => {
  isError(t, await call('GET /v1/token-info/', { headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401', async (t) => {
  isError(t, await info(), 401, 'not_authenticated')
  isError(t, await info(`${superuser}x`), 401, 'invalid_credentials')
  const { enterprise_id, prefix } = parseKey(superuser)!
  const enterprise = { id: enterprise_id, uuid: acme.enterprise, name: 'acme', google_enterprise_id: null }
  const gone = { user: row(), wanted: row(), enterprise, api_key: { id: NO_KEY, read_only: false }, key: superuser, key_prefix: prefix, request_id: 'r-1' }
  await t.rejects(readTokenInfo(db, gone), { code: 'invalid_credentials' }, 'deleted since the request began')
})

t.test('405', async (t) => {
  const answer = await call('POST /v1/token-info/', { key: superuser, json: {} })
  isError(t, answer, 405, 'method_not_allowed')
  t.equal(answer.headers.allow, 'GET')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'api_key', async () => isError(t, await info(superuser), 500, 'internal_error'))
  await withLostDatabase(t, directory, async (app) => {
    isError(t, await app.inject({ url: '/api/v1/token-info/', headers: { authorization: superuser } }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'getTokenInfo'))
