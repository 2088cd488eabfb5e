import type { ApiKeyMade } from '../../src/users/api-keys.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { call, superuser, viewer } = await makeDirectory(t)
const PASSWORD = 'a fine long password'

interface Entry {
  readonly action: string
  readonly actor_id: number
  readonly key_prefix: string
  readonly request_id: string
  readonly user_id: number
  readonly target: string
  readonly before: object
  readonly after: object
}

async function last(n: number): Promise<Entry[]> {
  const answer = await call(`GET /audit/?order=newest&limit=${String(n)}`, { key: superuser })
  return answer.json<{ results: Entry[] }>().results.reverse()
}

t.test('keys that are made, rotated and revoked, and sign-ins and -outs, have their entries', async (t) => {
  const keys = `/user/${String(viewer.id)}/api_key/`
  const headers = { 'x-request-id': 'of-this' }
  const made = (await call(`POST ${keys}`, { key: viewer.key, json: { name: 'laptop' }, headers })).json<ApiKeyMade>()
  const rotated = (await call(`POST ${keys}${made.id}/rotate/`, { key: viewer.key, headers })).json<ApiKeyMade>()
  t.equal((await call(`DELETE ${keys}${rotated.id}/`, { key: superuser, headers })).statusCode, 204)
  const about = { request_id: 'of-this', user_id: viewer.id }
  t.match(await last(3), [
    { ...about, action: 'key.create', actor_id: viewer.id, target: made.prefix, after: { prefix: made.prefix, expires_on: made.expires_on } },
    { ...about, action: 'key.rotate', actor_id: viewer.id, target: made.prefix, before: { prefix: made.prefix }, after: { prefix: rotated.prefix } },
    { ...about, action: 'key.revoke', target: rotated.prefix, before: { revoked: false }, after: { revoked: true } },
  ])

  t.equal((await call(`PATCH /user/${String(viewer.id)}/`, { key: viewer.key, json: { password: PASSWORD } })).statusCode, 200)
  const login = { username: 'vera', password: PASSWORD }
  const answer = await call('POST /login/', { json: login, headers: { ...headers, 'x-tenant': 'acme' } })
  t.equal(answer.statusCode, 200)
  const { api_key } = answer.json<{ api_key: ApiKeyMade }>()
  t.equal((await call('POST /logout/', { key: api_key.key, headers })).statusCode, 204)
  const { prefix } = api_key
  t.match(await last(2), [
    { ...about, action: 'user.sign_in', actor_id: viewer.id, key_prefix: prefix, after: { prefix, expires_on: api_key.expires_on } },
    { ...about, action: 'key.revoke', actor_id: viewer.id, key_prefix: prefix, target: prefix },
  ])
  t.equal((await call('POST /login/', { json: { ...login, password: 'wrong' }, headers: { 'x-tenant': 'acme' } })).statusCode, 401)
  t.match(await last(1), [{ action: 'key.revoke' }], 'what is refused has none')
  const all = JSON.stringify(await last(50))
  for (const secret of [made.key, rotated.key, api_key.key, PASSWORD]) t.notOk(all.includes(secret))
})
