import type { AuditEntry } from '../../src/db/audit-chain.js'
import type { ApiKeyMade } from '../../src/users/api-keys.js'
import type { User } from '../../src/users/user.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { call, create, db, superuser: key, keyOf } = await makeDirectory(t)
const password = 'correct horse battery staple'
let users = 0

/** A user with a key of each kind: of a sign-in, made over the API, rotated, made on the command line. */
async function withKeys(): Promise<{ user: User; keys: string[] }> {
  const user = await create({ username: `leaver-${String(users++)}`, password })
  const headers = { 'x-tenant': 'acme' }
  const { api_key } = (await call('POST /login/', { json: { username: user.username, password }, headers })).json<{ api_key: ApiKeyMade }>()
  const path = `/user/${String(user.id)}/api_key/`
  const made = (await call(`POST ${path}`, { key: api_key.key, json: { name: 'made' } })).json<ApiKeyMade>()
  const rotated = (await call(`POST ${path}${made.id}/rotate/`, { key: api_key.key })).json<ApiKeyMade>()
  return { user, keys: [api_key.key, made.key, rotated.key, await keyOf(user.username)] }
}
const works = async (keys: readonly string[]) =>
  Promise.all(keys.map(async (one) => (await call('GET /user_info/', { key: one })).statusCode === 200))
const revocations = async ({ id }: User) =>
  (await call(`GET /audit/?user_id=${String(id)}&limit=100`, { key })).json<{ results: AuditEntry[] }>().results.filter(({ action }) => action === 'key.revoke')

for (const method of ['PATCH', 'PUT'] as const) {
  t.test(`${method}: a deactivation revokes every key, with an entry for each; an activation revives none`, async (t) => {
    const { user, keys } = await withKeys()
    const send = (json: object) =>
      call(`${method} /user/${String(user.id)}/`, { key, json: method === 'PUT' ? { username: user.username, profile: {}, ...json } : json })
    t.equal((await send({ last_name: 'x' })).statusCode, 200)
    t.strictSame(await works(keys), [true, true, true, true], 'another change, without is_active, revokes none')
    t.equal((await send({ is_active: false })).statusCode, 200)
    const entries = await revocations(user)
    t.equal(entries.length, keys.length)
    t.strictSame(new Set(entries.map(({ target }) => target)), new Set(keys.map((one) => one.slice(0, one.lastIndexOf('_') - 39))))
    t.equal((await send({ is_active: false })).statusCode, 200)
    t.equal((await send({ is_active: true })).statusCode, 200)
    t.strictSame(await works(keys), [false, false, false, false])
    t.equal((await revocations(user)).length, keys.length, 'each is revoked once')
    t.ok((await works([await keyOf(user.username)]))[0], 'a new one works')
  })
}

t.test('keys of a user that a server of another release deactivated do not come back', async (t) => {
  const { user, keys } = await withKeys()
  await db.updateTable('user_account').set({ is_active: false }).where('id', '=', user.id).execute()
  t.equal((await call(`PATCH /user/${String(user.id)}/`, { key, json: { is_active: true } })).statusCode, 200)
  t.strictSame(await works(keys), [false, false, false, false])
  t.equal((await revocations(user)).length, keys.length)
})

t.test('keys that are made while their user is deactivated', async (t) => {
  for (let round = 0; round < 10; round++) {
    const { user, keys: [signedIn = ''] } = await withKeys()
    const path = `/user/${String(user.id)}/`
    const answers = await Promise.all([
      call(`POST ${path}api_key/`, { key: signedIn, json: { name: 'late' } }),
      call(`PATCH ${path}`, { key, json: { is_active: false } }),
      call('POST /login/', { json: { username: user.username, password }, headers: { 'x-tenant': 'acme' } }),
    ])
    await call(`PATCH ${path}`, { key, json: { is_active: true } })
    const made = answers.flatMap((answer) => {
      const body = answer.json<{ key?: string; api_key?: ApiKeyMade }>()
      return body.key ?? body.api_key?.key ?? []
    })
    t.notOk((await works(made)).includes(true))
  }
})
