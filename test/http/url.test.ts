import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { openapiJson, openapiYaml } from '../../src/contract.js'
import { localUrl } from '../../src/http/url.js'
import { testConfig } from '../helpers/database.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, db, store, superuser } = directory
const port = await listen(app)
const KEY = `Authorization: Bearer ${superuser}`

interface Page {
  next: string | null
  previous: string | null
}

/** An application on the same database with other settings. */
async function appWith(env: Record<string, string>): Promise<FastifyInstance> {
  const config = testConfig(store, env)
  const other = await buildApp(config, { db, passwords: makePasswords(config) })
  t.teardown(() => other.close())
  return other
}

/** The link to the second page as an application gives it: its start, up to the query. */
async function linkOf(
  other: FastifyInstance,
  headers: Record<string, string>,
  path = '/api/user/',
): Promise<string | undefined> {
  const answer = await other.inject({ url: `${path}?limit=1`, headers: { authorization: superuser, ...headers } })
  return answer.statusCode === 200
    ? answer.json<Page>().next?.replace('?limit=1&offset=1', '')
    : String(answer.statusCode)
}

t.test('exactly one well-formed Host', async (t) => {
  const refused: Record<string, string[]> = {
    none: [],
    two: ['Host: a', 'Host: b'],
    'the same twice': ['Host: a', 'host: a'],
    empty: ['Host:'],
    'white space': ['Host: a b'],
    path: ['Host: a/b'],
    user: ['Host: me@a'],
    'port too high': ['Host: a:99999'],
    'port that is none': ['Host: a:b'],
    list: ['Host: a,b'],
    'not an address': ['Host: [::1'],
    'no address in brackets': ['Host: [:::::1]'],
    'quotation mark': ['Host: a"b'],
    'Latin-1': ['Host: \xe4.example'],
    'too long': [`Host: ${'a'.repeat(256)}`],
  }
  for (const [name, hosts] of Object.entries(refused)) {
    await t.test(`${name}: 400, and the connection closes`, async (t) => {
      const connection = await connect(t, port)
      // `wireText` would add a Host.
      const answer = await connection
        .send(`GET /api/user/ HTTP/1.1\r\n${[KEY, ...hosts].join('\r\n')}\r\n\r\n`)
        .answer()
      isError(t, answer, 400, 'malformed_request', ['Host: is missing or malformed'])
      t.equal(answer.headers.connection, 'close')
      t.equal(await connection.closed(), '')
    })
  }
  for (const start of ['GET /api/user/ HTTP/1.0', 'GET /api/user/']) {
    await t.test(`none, behind ${start}`, async (t) => {
      const connection = (await connect(t, port)).send(`${start}\r\n${KEY}\r\n\r\n`)
      isError(t, await connection.answer(), 400, 'malformed_request', ['Host: is missing or malformed'])
      t.equal(await connection.closed(), '')
    })
  }
  for (const host of ['a', 'a:1', '[::1]', '[::1]:3000', '127.0.0.1:80', 'A-b_c.example']) {
    await t.test(`${host} is one`, async (t) => {
      const connection = await connect(t, port)
      t.equal((await connection.send(wireText('GET /api/user/', [`HOST: ${host}`, KEY])).answer()).statusCode, 200)
    })
  }
})

t.test('the Host is looked at behind the key, and before the body', async (t) => {
  const headers = { host: 'a b', 'content-type': 'text/plain' }
  const answer = await app.inject({
    method: 'POST',
    url: '/api/user/',
    headers: { ...headers, authorization: superuser },
    payload: '{',
  })
  isError(t, answer, 400, 'malformed_request')
})

t.test('links start with', async (t) => {
  const plain = await appWith({})
  const open = await appWith({ ROSTER_PUBLIC_URL: 'https://people.example:8443' })
  const trusting = await appWith({ ROSTER_TRUSTED_PROXIES: '127.0.0.1' })
  const far = await appWith({ ROSTER_TRUSTED_PROXIES: '10.0.0.0/8' })
  const both = await appWith({ ROSTER_PUBLIC_URL: 'https://people.example', ROSTER_TRUSTED_PROXIES: '127.0.0.1' })
  const host = 'roster.example:3000'
  const own = 'http://roster.example:3000/api/user/'
  const forwarded = {
    host,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'front.example',
    'x-forwarded-for': '192.0.2.1',
  }
  const cases: readonly [string, FastifyInstance, Record<string, string>, string][] = [
    ['the scheme and Host of the request', plain, { host }, own],
    ['the same, whatever a proxy that nobody trusts says', plain, forwarded, own],
    ['the same, when another proxy is trusted', far, forwarded, own],
    ['ROSTER_PUBLIC_URL', open, forwarded, 'https://people.example:8443/api/user/'],
    ['ROSTER_PUBLIC_URL before a trusted proxy', both, forwarded, 'https://people.example/api/user/'],
    ['what a trusted proxy says', trusting, forwarded, 'https://front.example/api/user/'],
    [
      'the nearest of several proxies',
      trusting,
      { ...forwarded, 'x-forwarded-host': 'far.example, front.example' },
      'https://front.example/api/user/',
    ],
    ['the request’s own, when a trusted proxy says nothing', trusting, { host }, own],
    [
      'the Host, when a trusted proxy gives a scheme alone',
      trusting,
      { host, 'x-forwarded-proto': 'https' },
      own.replace('http', 'https'),
    ],
  ]
  for (const [name, other, headers, expected] of cases) {
    await t.test(name, async (t) => t.equal(await linkOf(other, headers), expected))
  }
  for (const malformed of ['a b', 'a/b', 'me@a', 'a:99999', '<a>', '']) {
    await t.test(`the Host, when a trusted proxy forwards "${malformed}"`, async (t) => {
      t.equal(await linkOf(trusting, { host, 'x-forwarded-host': malformed }), own)
    })
  }
  for (const malformed of ['javascript', 'ht tp', 'ftp', '://', '"', 'file']) {
    await t.test(`the request’s own scheme, when a trusted proxy forwards "${malformed}"`, async (t) => {
      t.equal(await linkOf(trusting, { host, 'x-forwarded-proto': malformed }), own)
    })
  }
})

const PREFIX = { 'x-forwarded-prefix': '/directory' }

t.test('under a path of a proxy', async (t) => {
  const plain = await appWith({})
  const trusting = await appWith({ ROSTER_TRUSTED_PROXIES: '127.0.0.1' })
  const far = await appWith({ ROSTER_TRUSTED_PROXIES: '10.0.0.0/8' })
  const open = await appWith({ ROSTER_PUBLIC_URL: 'https://corp.example/directory/' })
  const both = await appWith({ ROSTER_PUBLIC_URL: 'https://corp.example', ROSTER_TRUSTED_PROXIES: '127.0.0.1' })
  const host = 'corp.example'
  const cases: readonly [string, FastifyInstance, Record<string, string>, string, string][] = [
    ['none', plain, {}, 'http://corp.example/api/user/', '/api'],
    ['nobody is trusted', plain, PREFIX, 'http://corp.example/api/user/', '/api'],
    ['another proxy is trusted', far, PREFIX, 'http://corp.example/api/user/', '/api'],
    ['a trusted proxy says it', trusting, PREFIX, 'http://corp.example/directory/api/user/', '/directory/api'],
    ['a trusted proxy says nothing', trusting, {}, 'http://corp.example/api/user/', '/api'],
    ['the setting has it', open, { 'x-forwarded-prefix': '/other' }, 'https://corp.example/directory/api/user/', 'https://corp.example/directory/api'],
    ['the setting has none, and is the whole', both, PREFIX, 'https://corp.example/api/user/', 'https://corp.example/api'],
  ]
  for (const [name, other, more, link, server] of cases) {
    await t.test(`${name}: links, and servers of the contract`, async (t) => {
      const headers = { host, ...more }
      t.equal(await linkOf(other, headers), link)
      const page = await other.inject({ url: '/api/user/?limit=1&offset=1', headers: { ...headers, authorization: superuser } })
      t.equal(page.headers.link, `<${link}?limit=1&offset=2>; rel="next", <${link}?limit=1&offset=0>; rel="prev"`)
      const trail = await other.inject({ url: '/api/audit/?limit=1', headers: { ...headers, authorization: superuser } })
      t.match(trail.json<Page>().next, link.replace('/user/', '/audit/?limit=1&after='))
      const json = await other.inject({ url: '/openapi.json', headers })
      const spec = json.json<{ servers: object[] }>()
      const description = 'The server that answers this file.'
      t.strictSame(spec.servers, [{ url: server, description }])
      t.strictSame({ ...spec, servers: [{ url: '/api', description }] }, JSON.parse(openapiJson), 'nothing else differs')
      const yaml = await other.inject({ url: '/openapi.yaml', headers })
      t.equal(yaml.body, openapiYaml.replace('- url: /api\n', `- url: ${server}\n`))
      for (const { url } of [{ url: '/openapi.json' }, { url: '/openapi.yaml' }]) {
        const [get, head] = await Promise.all((['GET', 'HEAD'] as const).map((method) => other.inject({ method, url, headers })))
        t.equal(head?.headers['content-length'], get?.headers['content-length'], 'HEAD says the same length')
      }
    })
  }

  await t.test('the root leads to /docs below it', async (t) => {
    const leads = async (other: FastifyInstance, headers = {}) => (await other.inject({ url: '/', headers })).headers.location
    t.equal(await leads(plain, PREFIX), 'docs')
    t.equal(await leads(trusting), 'docs')
    t.equal(await leads(trusting, PREFIX), '/directory/docs')
    t.equal(await leads(open), 'https://corp.example/directory/docs')
    t.equal(await leads(both), 'docs')
    t.equal(await leads(both, PREFIX), 'https://corp.example/docs')
  })

  const prefixed = (value: string) => linkOf(trusting, { host, 'x-forwarded-prefix': value })
  for (const [value, prefix] of [
    ['/directory/', '/directory'],
    [' /a/b.c/~d_e-f ', '/a/b.c/~d_e-f'],
    ['/a/..b', '/a/..b'],
    ['/evil, /directory', '/directory'],
    [`/${'a'.repeat(255)}`, `/${'a'.repeat(255)}`],
    ['/', ''],
    ['', ''],
  ] as const) {
    await t.test(`"${value.slice(0, 40)}" is ${prefix.slice(0, 40)}`, async (t) => t.equal(await prefixed(value), `http://corp.example${prefix}/api/user/`))
  }
  for (const value of [
    'directory', 'https://evil.example', '//evil.example', '/\\evil.example', '\\evil', '/a//b', '/..', '/a/../b', '/.', '/a/.', '/%2e%2e', '/a%2fb', '/a?b',
    '/a#b', '/a b', '/a"b', '/<a>', '/a;b', '/a:b', '/@a', '/\u00e4', '/a\tb', `/${'a'.repeat(256)}`, '/a,', '/a//', '//',
  ]) {
    await t.test(`"${value.slice(0, 40)}" is none`, async (t) => t.equal(await prefixed(value), 'http://corp.example/api/user/'))
  }
})

t.test('the URL of a listener can be called, whatever it listens on', (t) => {
  const of = (address: string) => localUrl({ address, port: 3000 })
  t.equal(of('127.0.0.1'), 'http://127.0.0.1:3000')
  t.equal(of('0.0.0.0'), 'http://127.0.0.1:3000')
  t.equal(of('::'), 'http://127.0.0.1:3000')
  t.equal(of('::1'), 'http://[::1]:3000')
  t.end()
})

t.test('links keep the path as it was sent, and Link repeats them', async (t) => {
  t.equal(await linkOf(app, { host: 'a.example' }, '/api/user'), 'http://a.example/api/user')
  const answer = await app.inject({
    url: '/api/user/?limit=1&offset=1&format=json',
    headers: { host: 'a.example', authorization: superuser },
  })
  const next = 'http://a.example/api/user/?limit=1&offset=2&format=json'
  const previous = 'http://a.example/api/user/?limit=1&offset=0&format=json'
  t.match(answer.json<Page>(), { next, previous })
  t.equal(answer.headers.link, `<${next}>; rel="next", <${previous}>; rel="prev"`)
  const all = await app.inject({ url: '/api/user/', headers: { authorization: superuser } })
  t.notOk('link' in all.headers, 'none where there are no links')
})

t.test('a target in absolute form', async (t) => {
  const connection = await connect(t, port)
  const answer = await connection.send(wireText('GET http://roster.example/api/user/?limit=1', [KEY])).answer()
  t.equal(answer.statusCode, 200)
  t.equal(answer.json<Page>().next, 'http://roster.example/api/user/?limit=1&offset=1')
  isError(
    t,
    await connection.send(wireText('DELETE http://roster.example/api/user/')).answer(),
    405,
    'method_not_allowed',
  )
  isError(t, await connection.send(wireText('GET http://roster.example/api/nothing/')).answer(), 404, 'not_found')
  for (const authority of [':99999999', 'a:b', '[', '%', 'a@']) {
    const { statusCode } = await (
      await connect(t, port)
    )
      .send(wireText(`GET http://${authority}/api/user/?limit=1`, [KEY]))
      .answer()
    t.ok(statusCode < 500, `${authority} is no fault of the server, and answers ${String(statusCode)}`)
  }
})
