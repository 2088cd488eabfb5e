import { loadConfig } from '../../src/config.js'
import { openapiJson } from '../../src/contract.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const ORIGIN = 'https://console.example'

interface Components {
  readonly parameters: Readonly<Record<string, { readonly name: string; readonly in: string }>>
  readonly headers: object
}

const open = await makeDirectory(t, { ROSTER_CORS_ORIGINS: ` ${ORIGIN}, http://LOCALHOST:5173/` })
const closed = await makeDirectory(t)

const preflight = (origin: string) => ({
  headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization,content-type' },
})
const ofCors = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control-') || name === 'vary')

t.test('by default there is none', async (t) => {
  const asked = await closed.call('OPTIONS /user/', preflight(ORIGIN))
  isError(t, asked, 405, 'method_not_allowed')
  const answer = await closed.call('GET /user/', { key: closed.superuser, headers: { origin: ORIGIN } })
  t.equal(answer.statusCode, 200)
  t.strictSame([ofCors(asked.headers), ofCors(answer.headers)], [[], []])
})

t.test('a preflight of a listed origin is answered before anything else', async (t) => {
  for (const origin of [ORIGIN, 'http://localhost:5173']) {
    const answer = await open.call('OPTIONS /user/1/', preflight(origin))
    t.equal(answer.statusCode, 204)
    t.equal(answer.body, '')
    const { date, connection, 'x-request-id': id, ...headers } = answer.headers
    t.ok(date && connection && id)
    t.strictSame(headers, {
      vary: 'Origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type, X-Client-Id, X-Tenant, X-Request-Id, If-Match, Idempotency-Key, traceparent, tracestate, baggage',
      'access-control-max-age': '600',
    })
  }
  t.strictSame(open.answers, [], 'it is no call of an operation')
})

t.test('anything else that is OPTIONS stays a wrong method', async (t) => {
  const { headers } = preflight(ORIGIN)
  for (const other of [
    { origin: ORIGIN },
    { 'access-control-request-method': 'GET' },
    { ...headers, origin: 'https://console.example.evil.example' },
    { ...headers, origin: `${ORIGIN}:8443` },
    { ...headers, origin: 'http://console.example' },
    { ...headers, origin: 'null' },
    { ...headers, origin: '' },
  ]) {
    isError(t, await open.call('OPTIONS /user/', { headers: other }), 405, 'method_not_allowed')
  }
})

t.test('a listed origin may read answers, failures too, with the headers that clients need', async (t) => {
  const headers = { origin: ORIGIN }
  for (const [request, key, status] of [
    ['GET /user/', open.superuser, 200],
    ['GET /user/', undefined, 401],
    ['GET /nowhere/', undefined, 404],
    ['HEAD /user/', undefined, 405],
    ['GET /user/?limit=0', open.superuser, 400],
    ['GET /%zz', undefined, 404],
  ] as const) {
    const answer = await open.call(request, { headers, ...(key === undefined ? {} : { key }) })
    t.equal(answer.statusCode, status, request)
    t.equal(answer.headers['access-control-allow-origin'], ORIGIN)
    t.equal(answer.headers['access-control-expose-headers'], 'X-Request-Id, Link, ETag, Idempotency-Replayed, Retry-After, Allow, RateLimit-Policy, RateLimit, WWW-Authenticate')
    t.equal(answer.headers.vary, 'Origin')
    t.notOk('access-control-allow-credentials' in answer.headers)
  }
})

const namesIn = (header: unknown) => new Set(String(header).toLowerCase().split(', '))

t.test('a listed origin may send every header of the contract and of tracing, and read every one that is answered', async (t) => {
  const sent = await open.call('OPTIONS /user/', preflight(ORIGIN))
  const sendable = namesIn(sent.headers['access-control-allow-headers'])
  const { parameters, headers } = (JSON.parse(openapiJson) as { components: Components }).components
  const named = Object.values(parameters).filter((one) => one.in === 'header')
  const tracing = ['traceparent', 'tracestate', 'baggage']
  for (const name of [...named.map((one) => one.name.toLowerCase()), 'x-client-id', 'x-tenant', ...tracing]) t.ok(sendable.has(name), name)
  const read = await open.call('GET /user/', { headers: { origin: ORIGIN } })
  const readable = namesIn(read.headers['access-control-expose-headers'])
  // Browsers let scripts read this one without being told.
  for (const name of Object.keys(headers)) t.ok(name === 'Cache-Control' || readable.has(name.toLowerCase()), name)
})

t.test('a page with OpenTelemetry calls the API', async (t) => {
  const traced = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1', baggage: 'tier=gold' }
  const answer = await open.call('GET /user/', { key: open.superuser, headers: { origin: ORIGIN, ...traced } })
  t.match(answer, { statusCode: 200, headers: { 'access-control-allow-origin': ORIGIN } })
})

t.test('any other origin is told nothing, and caches know that it differs', async (t) => {
  for (const headers of [{ origin: 'https://evil.example' }, {}]) {
    const answer = await open.call('GET /user/', { key: open.superuser, headers })
    t.equal(answer.statusCode, 200)
    t.strictSame(ofCors(answer.headers), ['vary'])
  }
  const { headers } = await open.app.inject('/docs')
  t.equal(headers.vary, 'Origin, Accept-Encoding')
})

t.test('only exact origins can be listed', async (t) => {
  for (const value of ['*', 'null', 'console.example', `${ORIGIN}/app`, `${ORIGIN},`, `${ORIGIN},*`, 'https://*.example', 'file:///']) {
    t.throws(() => loadConfig({ ROSTER_CORS_ORIGINS: value }), { message: /ROSTER_CORS_ORIGINS must be origins/ }, value)
  }
  t.strictSame(loadConfig({}).config.corsOrigins, [])
})
