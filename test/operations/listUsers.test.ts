import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import type { components } from '../../generated/openapi.js'
import { buildApp } from '../../src/app.js'
import { parseKey } from '../../src/auth/keys.js'
import { makePasswords } from '../../src/auth/passwords.js'
import type { User } from '../../src/users/user.js'
import { testConfig } from '../helpers/database.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

type UserList = components['schemas']['UserList']

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db, store } = directory
const home = 'http://localhost/api/user/'

const list = (query = '', key = superuser) => call(`GET /user/${query}`, { key })
const page = async (query = '', key = superuser): Promise<UserList> => (await list(query, key)).json()
const names = ({ results }: UserList) => results.map(({ username }) => username)
const read = async (id: number): Promise<User> => (await call(`GET /user/${String(id)}/`, { key: superuser })).json()
const everyone = async () => names(await page('?limit=1000'))

t.test('200', async (t) => {
  await t.test('those who manage users get all of their enterprise, as getUser shows them', async (t) => {
    const answer = await list()
    const results = await Promise.all([acme.user_id, admin.id, viewer.id].map(read))
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), { count: 3, next: null, previous: null, results })
    t.equal(answer.headers.link, undefined)
    t.strictSame(await page('', admin.key), answer.json())
    const strangers = await page('', globex.api_key)
    t.strictSame([strangers.count, names(strangers)], [1, ['gina']])
  })
  await t.test('anyone else gets themself', async (t) => {
    const alone = { count: 1, next: null, previous: null }
    t.strictSame(await page('', viewer.key), { ...alone, results: [await read(viewer.id)] })
    const before = `${home}?limit=20&offset=0`
    t.strictSame(await page('?offset=1', viewer.key), { ...alone, previous: before, results: [] })
    for (const role of ['Viewer', 'Group Admin']) {
      const { username } = await directory.create({ username: role, profile: { role } })
      t.strictSame(names(await page('', await directory.keyOf(username))), [role])
    }
  })
  await t.test('what existing clients send besides changes nothing', async (t) => {
    const others = '?format=json&exclude_google_roles=true&authn_user_id_null=false'
    const answer = await call(`GET /user${others}&Limit=0&x&=&limit[]=1`, {
      key: superuser,
      headers: { 'content-type': 'application/json', 'x-tenant': 'globex', 'x-client-id': 'nobody' },
    })
    t.equal(answer.statusCode, 200)
    t.strictSame(names(answer.json()), await everyone())
  })
  await t.test('ids far apart: every page is its slice of all users, and the links find each once', async (t) => {
    // Ids around the edges of the blocks by which users are counted, with a block left empty between.
    for (const first of [1022, 3000, 1_048_574, 2_097_151, 8_589_934_592]) {
      await sql`alter table user_account alter column id restart with ${sql.lit(first)}`.execute(db)
      for (const index of [1, 2, 3]) await directory.create({ username: `user-${String(first)}-${String(index)}` })
    }
    const doomed = (await page('?limit=1000')).results.filter(({ username }) => /^user-3000|1022-2$/.test(username))
    t.equal(doomed.length, 4)
    for (const { id } of doomed) await call(`DELETE /user/${String(id)}/`, { key: superuser })

    const rows = await db
      .selectFrom('user_account')
      .select('username')
      .where('enterprise_id', '=', parseKey(superuser)!.enterprise_id)
      .orderBy('id')
      .execute()
    const all = rows.map(({ username }) => username)
    t.equal(all.length, 16)
    for (const limit of [1, 3, 20, 1000]) {
      for (let offset = 0; offset <= all.length + 1; offset++) {
        const at = (position: number) => `${home}?limit=${String(limit)}&offset=${String(position)}`
        const { results, ...rest } = await page(`?offset=${String(offset)}&limit=${String(limit)}`)
        t.strictSame(results.map(({ username }) => username), all.slice(offset, offset + limit))
        t.strictSame(rest, {
          count: all.length,
          next: offset + limit < all.length ? at(offset + limit) : null,
          previous: offset > 0 ? at(Math.max(0, offset - limit)) : null,
        })
      }
    }
    const followed: string[] = []
    for (let next: string | null = '?limit=3'; next !== null;) {
      const found: UserList = await page(new URL(next, home).search)
      followed.push(...names(found))
      next = found.next
    }
    t.strictSame(followed, all)

    // As existing clients do: all offsets at once, each put into the link.
    const { count, next } = await page('?limit=3&my_offset=5&format=json')
    const offsets = Array.from({ length: Math.ceil(count / 3) }, (_, index) => index * 3)
    const links = offsets.map((offset) => next!.replace(/offset=\d+/, `offset=${String(offset)}`))
    const pages = await Promise.all(links.map((link) => page(new URL(link).search)))
    t.strictSame(pages.flatMap(names), all)
  })
  await t.test('far past the end', async (t) => {
    const { count, results, next, previous } = await page('?limit=1000&offset=9007199254740991')
    t.strictSame([count, results, next], [16, [], null])
    t.equal(previous, `${home}?limit=1000&offset=9007199254739991`)
  })
  await t.test('links keep the other parameters, and come as a header too', async (t) => {
    const others: [string, string][] = [['a', '1'], ['a', '2'], ['text', 'ü &+=#/%'], ['empty', ''], ['my_offset', '7']]
    const sent = new URLSearchParams([['offset', '2'], ...others, ['limit', '1']])
    const answer = await list(`?${sent.toString()}`)
    const { next, previous } = answer.json<UserList>()
    t.equal(answer.headers.link, `<${String(next)}>; rel="next", <${String(previous)}>; rel="prev"`)
    for (const [link, offset] of [[next, '3'], [previous, '1']] as const) {
      t.ok(link!.startsWith(`${home}?limit=1&offset=${offset}&`))
      t.strictSame([...new URL(link!).searchParams], [['limit', '1'], ['offset', offset], ...others])
    }
    t.equal((await list('?limit=1')).headers.link, `<${home}?limit=1&offset=1>; rel="next"`)
    t.equal((await list('?offset=1')).headers.link, `<${home}?limit=20&offset=0>; rel="prev"`)
  })
  await t.test('links begin with what the client called, unless the operator says otherwise', async (t) => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'public.example' }
    const host = 'roster.example:8080'
    const origins = async (app: FastifyInstance, ...sent: Record<string, string>[]) => {
      const send = (headers: Record<string, string>) =>
        app.inject({ url: '/api/user/?limit=1', headers: { authorization: superuser, host, ...headers } })
      const answers = await Promise.all(sent.map(send))
      return answers.map((answer) => new URL(answer.json<UserList>().next!).origin)
    }
    const build = async (env: Record<string, string>) => {
      const config = testConfig(store, env)
      const app = await buildApp(config, { db, passwords: makePasswords(config) })
      t.teardown(() => app.close())
      return app
    }
    const own = `http://${host}`
    t.strictSame(await origins(directory.app, {}, forwarded), [own, own])
    const behind = await build({ ROSTER_TRUSTED_PROXIES: '127.0.0.1' })
    const malformed = { 'x-forwarded-host': 'a b/c' }
    t.strictSame(await origins(behind, {}, forwarded, malformed), [own, 'https://public.example', own])
    const set = await build({ ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_PUBLIC_URL: 'https://set.example' })
    t.strictSame(await origins(set, {}, forwarded), ['https://set.example', 'https://set.example'])
  })
  await t.test('filters by name and address, compared as they are stored', async (t) => {
    await directory.create({ username: 'Straße', email: 'Road@acme.example' })
    const found = async (query: string, key?: string) => {
      const { count, next, previous, results } = await page(query, key)
      t.strictSame([count, next, previous], [results.length, null, null])
      return results.map(({ username }) => username)
    }
    const encoded = encodeURIComponent('STRASSE')
    for (const query of [
      ...[`username=${encoded}`, 'username=Stra%C3%9Fe', 'email=ROAD@acme.EXAMPLE', 'email=road%40acme.example'],
      ...[`username=${encoded}&email=road@acme.example`, 'username=STRASSE&limit=1&offset=0&format=json'],
    ]) {
      t.strictSame(await found(`?${query}`), ['Straße'])
    }
    for (const query of [
      ...['username=stra', 'username=%25', 'username=str_sse', 'username=%20vera', 'email=nobody', 'email=%C3%BC@x'],
      ...['username=gina', 'email=gina@globex.example', 'username=vera&email=road@acme.example'],
    ]) {
      t.strictSame(await found(`?${query}`), [])
    }
    t.strictSame(await found('?username=VERA', viewer.key), ['vera'])
    t.strictSame(await found('?email=vera@acme.example', viewer.key), ['vera'])
    const hidden = ['username=alice', 'email=alice@acme.example', 'username=vera&email=alice@acme.example']
    for (const query of [...hidden, 'username=nobody']) {
      t.strictSame(await found(`?${query}`, viewer.key), [])
    }
    const past = await page('?username=vera&offset=30')
    t.strictSame(past, { count: 1, next: null, previous: `${home}?limit=20&offset=10&username=vera`, results: [] })
  })
})

t.test('400', async (t) => {
  const bad = ['', 'x', '-1', '1e2', '%205', '5%20', '+5', '%2B5', '5.0', '0x5', 'null', '%D9%A5', '9'.repeat(30), '%00']
  await t.test('limit', async (t) => {
    for (const value of [...bad, '0', '1001', '1&limit=2', '1&limit=1', '&limit=']) {
      isError(t, await list(`?limit=${value}`), 400, 'validation_failed', ['limit: must be an integer from 1 to 1000'])
    }
  })
  await t.test('offset', async (t) => {
    for (const value of [...bad, '9007199254740992', '0&offset=0', '1&limit=5&offset=2']) {
      const answer = await list(`?offset=${value}`)
      isError(t, answer, 400, 'validation_failed', ['offset: must be an integer from 0 to 9007199254740991'])
    }
  })
  await t.test('username and email', async (t) => {
    for (const [query, error] of [
      ['username=', 'username: must have 1 to 150 characters'],
      [`username=${'a'.repeat(151)}`, 'username: must have 1 to 150 characters'],
      ['username=a&username=b', 'username: must be a string'],
      ['username=%00', 'username: must have no control characters'],
      ['email=', 'email: must have 1 to 254 characters'],
      [`email=${'a'.repeat(255)}`, 'email: must have 1 to 254 characters'],
      ['email=a&email=a', 'email: must be a string'],
      ['email=%0A', 'email: must have no control characters'],
    ] as const) {
      isError(t, await list(`?${query}`), 400, 'validation_failed', [error])
    }
  })
  await t.test('all faults together, for anyone', async (t) => {
    const answer = await list('?limit=0&offset=<sent>&username=&email=', viewer.key)
    isError(t, answer, 400, 'validation_failed', [
      'limit: must be an integer from 1 to 1000',
      'offset: must be an integer from 0 to 9007199254740991',
      'username: must have 1 to 150 characters',
      'email: must have 1 to 254 characters',
    ])
    t.notMatch(answer.body, '<sent>')
  })
})

t.test('401: no key or a bad one, before the query is looked at', async (t) => {
  isError(t, await call('GET /user/?limit=0'), 401, 'not_authenticated')
  isError(t, await list('?limit=0', `${superuser}x`), 401, 'invalid_credentials')
})

t.test('405: HEAD and OPTIONS, before the key is looked at', async (t) => {
  for (const method of ['HEAD', 'OPTIONS', 'DELETE']) {
    const answer = await call(`${method} /user/?limit=0`)
    t.equal(answer.statusCode, 405)
    t.equal(answer.headers.allow, 'GET, POST')
  }
})

t.test('500: a fault that nobody foresaw tells nothing of itself', async (t) => {
  await withBrokenTable(db, 'user_count', async () => {
    isError(t, await list(), 500, 'internal_error', ['Internal server error.'])
  })
})

t.test('503: the database is gone', async (t) => {
  await withLostDatabase(t, directory, async (app) => {
    const answer = await app.inject({ url: '/api/user/', headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'listUsers'))
