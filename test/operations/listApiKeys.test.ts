import type { ApiKey } from '../../src/users/api-keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db } = directory
const { path, make, revoke, list, expire } = keysIn(directory)
const read = (user_id: number | string, key?: string) => call(`GET ${path(user_id)}`, key === undefined ? {} : { key })
interface Page { count: number; next: string | null; previous: string | null; results: ApiKey[] }

t.test('200', async (t) => {
  await t.test('the keys that work, oldest first, and no secret', async (t) => {
    const made = await make(viewer.key, viewer.id, { name: 'Zoë’s laptop', expires_days: 2, read_only: true })
    const { key, ...shown } = made
    const answer = await read(viewer.id, viewer.key)
    const { results, ...page } = answer.json<Page>()
    t.strictSame(page, { count: 2, next: null, previous: null })
    t.match(results[0], { name: '', kind: 'made', read_only: false, replaced_on: null })
    t.strictSame(results[1], shown)
    const [, , secret = ''] = key.split('_')
    t.notOk(answer.body.includes(secret))
    t.notOk(answer.body.includes('hash'))
    await revoke(viewer.key, viewer.id, made.id)
    t.equal((await list(viewer.key, viewer.id)).length, 1, 'a revoked one is not listed')
    const other = await make(viewer.key, viewer.id)
    await expire(other.id)
    t.equal((await list(viewer.key, viewer.id)).length, 1, 'nor an expired one')
  })
  await t.test('pages', async (t) => {
    const user = await directory.create({ username: 'paula' })
    const key = await directory.keyOf('paula')
    for (const name of ['a', 'b', 'c', 'd']) await make(key, user.id, { name })
    const names: string[] = []
    for (let next: string | null = `/user/${String(user.id)}/api_key/?limit=2`; next !== null;) {
      const answer = await call(`GET ${next}`, { key })
      const page = answer.json<Page>()
      t.equal(page.count, 5)
      t.equal(answer.headers.link?.toString().includes('rel="next"'), page.next !== null)
      names.push(...page.results.map(({ name }) => name))
      next = page.next?.replace(/^http:..[^/]+.api/, '') ?? null
    }
    t.strictSame(names, ['', 'a', 'b', 'c', 'd'])
    t.strictSame((await call(`GET ${path(user.id)}?offset=9`, { key })).json<Page>().results, [])
  })
  await t.test('an admin reads those of whom it may change; a read-only key reads', async (t) => {
    t.equal((await read(viewer.id, admin.key)).statusCode, 200)
    t.equal((await read(admin.id, superuser)).statusCode, 200)
    const { key } = await make(viewer.key, viewer.id, { read_only: true })
    t.equal((await read(viewer.id, key)).statusCode, 200)
  })
})

t.test('400', async (t) => {
  const limits = ['limit: must be an integer from 1 to 1000']
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=']) {
    isError(t, await call(`GET ${path(viewer.id)}?${query}`, { key: viewer.key }), 400, 'validation_failed', limits)
  }
  isError(t, await call(`GET ${path(viewer.id)}`, { headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401', async (t) => {
  isError(t, await read(viewer.id), 401, 'not_authenticated')
  isError(t, await read('x', 'x'), 401, 'invalid_credentials')
})

t.test('403', async (t) => {
  for (const id of [acme.user_id, admin.id, globex.user_id, 9007199254740991, 'x']) {
    isError(t, await read(id, viewer.key), 403, 'forbidden', ['Only those who manage users may do this.'])
  }
  isError(t, await read(acme.user_id, admin.key), 403, 'forbidden', ['Only a superuser may do this to a superuser.'])
})

t.test('404: no such user, nor one of another enterprise', async (t) => {
  for (const id of [globex.user_id, 9007199254740991, 'x', '01']) {
    isError(t, await read(id, superuser), 404, 'not_found', ['user_id: names no user'])
  }
})

t.test('405', async (t) => {
  const answer = await call(`PUT ${path(viewer.id)}`, { key: superuser, json: {} })
  isError(t, answer, 405, 'method_not_allowed')
  t.equal(answer.headers.allow, 'GET, POST')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'api_key', async () => isError(t, await read(viewer.id, viewer.key), 500, 'internal_error'))
  await withLostDatabase(t, directory, async (app) => {
    isError(t, await app.inject({ url: `/api${path(1)}`, headers: { authorization: superuser } }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'listApiKeys'))
