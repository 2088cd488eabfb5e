import { readFileSync } from 'node:fs'
import { operations } from '../../generated/operations.js'
import { openapiJson, openapiYaml } from '../../src/contract.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, superuser, viewer } = directory
const port = await listen(app)
const BIG = 'x'.repeat(300_000)

/** What the three paths of the contract have. */
const METHODS: Record<string, string> = {
  '/api/user_info/': 'GET',
  '/api/user/': 'GET, POST',
  [`/api/user/${String(viewer.id)}/`]: 'GET, PUT, PATCH, DELETE',
  '/api/user/no-id/': 'GET, PUT, PATCH, DELETE',
  '/openapi.json': 'GET, HEAD',
  '/openapi.yaml': 'GET, HEAD',
}

t.test('paths that are not there are 404, before anything else', async (t) => {
  const paths = [
    '/api',
    '/api/',
    '/api/users/',
    '/user/',
    '/API/user/',
    '/api/User/',
    '/api/USER_INFO/',
    '//api/user/',
    '/api//user/',
    '/api/user/1//',
    '/api/user/1/2/',
    '/api/user/%zz/',
    '/api/user/%',
    '/api/user/%ff/',
    '/api/user_info/x/',
    '/openapi',
    '/openapi.json.gz',
    '/openapi-json',
    '/livez',
    '/metrics',
    '/api/../etc/passwd',
    '/*',
    '/api/user/1;a=b/2',
  ]
  for (const url of paths) {
    await t.test(url, async (t) => {
      for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS'] as const) {
        const answer = await app.inject({
          method,
          url,
          headers: { 'content-type': 'a/b/c', authorization: 'x' },
          payload: BIG,
        })
        if (method === 'HEAD') t.equal(answer.statusCode, 404)
        else isError(t, answer, 404, 'not_found')
      }
    })
  }
  const noId = await app.inject({ url: '/api/user//', headers: { authorization: superuser } })
  isError(t, noId, 404, 'not_found')
})

t.test('methods that a path does not have are 405 with Allow, before anything else', async (t) => {
  for (const [path, allow] of Object.entries(METHODS)) {
    const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'].filter(
      (method) => !allow.split(', ').includes(method),
    )
    for (const method of others as 'GET'[]) {
      for (const url of [path, path.replace(/\/$/, ''), `${path}?a=%zz&limit=x`]) {
        await t.test(`${method} ${url}`, async (t) => {
          const answer = await app.inject({ method, url, headers: { 'content-type': 'a/b/c' }, payload: BIG })
          t.equal(answer.headers.allow, allow)
          if (method === ('HEAD' as string)) t.equal(answer.statusCode, 405)
          else isError(t, answer, 405, 'method_not_allowed', [`This path has only these methods: ${allow}`])
        })
      }
    }
  }
})

t.test('other spellings of a path have the same methods', async (t) => {
  for (const url of ['/api/%75ser/', '/api/user/#fragment', '/api/user/?', '/api/user_info?x']) {
    const connection = await connect(t, port)
    const there = await connection.send(wireText(`GET ${url}`, [`Authorization: ${superuser}`])).answer()
    t.equal(there.statusCode, 200, `GET ${url}`)
    t.equal((await connection.send(wireText(`PATCH ${url}`)).answer()).statusCode, 405, `PATCH ${url}`)
  }
})

t.test('methods that HTTP has and no path does', async (t) => {
  for (const method of ['PROPFIND', 'LOCK', 'SEARCH', 'PURGE', 'M-SEARCH', 'REPORT', 'TRACE']) {
    const connection = await connect(t, port)
    const answer = await connection.send(wireText(`${method} /api/user/`)).answer()
    isError(t, answer, 405, 'method_not_allowed')
    t.equal(answer.headers.allow, 'GET, POST', method)
    isError(t, await connection.send(wireText(`${method} /nothing`)).answer(), 404, 'not_found')
  }
  // Whether Node knows QUERY depends on its release.
  const query = await (await connect(t, port)).send(wireText('QUERY /api/user/')).answer()
  t.ok([400, 405].includes(query.statusCode))
  const tunnel = (await connect(t, port)).send(wireText('CONNECT roster.example:443'))
  t.match(await tunnel.closed(), /^$|^HTTP\/1.1 40[05] /, 'CONNECT makes no tunnel')
  isError(t, await (await connect(t, port)).send(wireText('OPTIONS *')).answer(), 404, 'not_found')
})

t.test('HEAD has no body', async (t) => {
  const connection = await connect(t, port)
  connection.send(wireText('HEAD /api/user/') + wireText('HEAD /nothing') + wireText('GET /nothing'))
  t.equal((await connection.answer(true)).statusCode, 405)
  t.equal((await connection.answer(true)).statusCode, 404)
  t.equal((await connection.answer()).statusCode, 404)
})

t.test('a declared method of a path is never 404 or 405', async (t) => {
  for (const { method, path, needsKey } of Object.values(operations)) {
    const url = `/api${path.replace('{user_id}', '123')}`
    for (const spelling of [url, url.slice(0, -1)]) {
      t.equal((await app.inject({ method, url: spelling })).statusCode, needsKey ? 401 : 400, `${method} ${spelling}`)
    }
  }
})

t.test('the contract is served as it was written', async (t) => {
  const file = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
  const json = await app.inject({ url: '/openapi.json' })
  const yaml = await app.inject({ url: '/openapi.yaml' })
  t.equal(json.body, file('generated/spec.json'))
  t.equal(json.body, openapiJson)
  t.equal(json.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(yaml.body, file('openapi.yaml'))
  t.equal(yaml.body, openapiYaml)
  t.match(yaml.headers['content-type'], /^application\/yaml/)
  for (const answer of [json, yaml])
    t.match(answer, { statusCode: 200, headers: { 'x-request-id': /./, 'cache-control': 'no-store' } })
})
