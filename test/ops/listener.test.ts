import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { checkSchema, migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/database.js'
import { loadConfig } from '../../src/config.js'
import { databaseReadiness } from '../../src/ops/readiness.js'
import { serverReadiness } from '../../src/main.js'
import { listenOps, openOps } from '../../src/ops/listener.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { freshStore, testConfig } from '../helpers/database.js'
import { serveProcess } from '../helpers/process.js'
import { ask, opsOf } from '../helpers/ops.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const store = await freshStore(t)
const made = openDatabase(testConfig(store))
const { api_key } = await createEnterprise(made, 'acme', { username: 'alice', email: '' })
await made.destroy()

t.test('a served process tells how it is, on an address of its own', async (t) => {
  const served = serveProcess(t, store, { ROSTER_OPS_PORT: '0', ROSTER_DRAIN_MS: '600' })
  const api = await served.listening
  const ops = await opsOf(served)
  t.match(ops, /^http:\/\/127\.0\.0\.1:\d+$/)

  t.strictSame(await ask(`${ops}/livez`), { status: 200, body: '{"status":"live"}\n', allow: undefined })
  t.strictSame(await ask(`${ops}/readyz`), { status: 200, body: '{"status":"ready"}\n', allow: undefined })
  t.match(JSON.parse((await ask(`${ops}/version`)).body), { version: /^\d+\.\d+\.\d+$/, node: process.version })

  t.equal((await ask(`${ops}/`)).status, 404)
  t.equal((await ask(`${ops}/constructor`)).status, 404)
  t.equal((await ask(`${ops}/api/user/`)).status, 404)
  t.strictSame(await ask(`${ops}/readyz`, 'POST'), { status: 405, body: '{"status":"method not allowed"}\n', allow: 'GET, HEAD' })
  t.strictSame(await ask(`${ops}/livez`, 'HEAD'), { status: 200, body: '', allow: undefined })
  for (const path of ['/livez', '/readyz', '/metrics', '/version']) t.equal((await ask(`${api}${path}`)).status, 404, `${path} is not public`)

  await t.test('requests are counted by method, route and status, and by the code of their refusal', async (t) => {
    const headers = { authorization: `Bearer ${api_key}` }
    for (let n = 0; n < 3; n++) await text(await sent(`${api}/api/user_info/`, headers))
    await text(await sent(`${api}/api/user/999999/`, headers))
    await text(await sent(`${api}/api/user/1/`, {}))
    const { body } = await ask(`${ops}/metrics`)
    const count = 'http_server_request_duration_seconds_count'
    t.match(body, `${count}{http_request_method="GET",http_response_status_code="200",http_route="/api/user_info/"} 3\n`)
    t.match(body, `${count}{http_request_method="GET",http_response_status_code="404",http_route="/api/user/:user_id/"} 1\n`)
    t.match(body, 'roster_refusals_total{code="not_authenticated"} 1\n')
    t.match(body, /^roster_lookups_total 4$/m)
    t.match(body, /^db_client_operation_duration_seconds_count\{db_system_name="postgresql"\} [1-9]/m)
    t.match(body, /^http_server_active_requests 0$/m)
    t.match(body, /^db_client_connection_count\{state="idle"\} [1-9]/m)
    t.match(body, /^roster_build_info\{version="\d+\.\d+\.\d+"\} 1$/m)
    for (const secret of ['alice', 'acme', api_key]) t.notMatch(body, secret)
  })

  await t.test('unknown paths and methods make no series', async (t) => {
    const series = async () => (await ask(`${ops}/metrics`)).body.split('\n').filter((line) => line.includes('http_route=')).length
    await text(await sent(`${api}/a`, {}))
    await text(await sent(`${api}/a`, {}, 'PROPFIND'))
    // An answer is counted a moment after it is there.
    await delay(20)
    const before = await series()
    await Promise.all(
      Array.from({ length: 500 }, async (_, n) => text(await sent(`${api}/${String(n)}/x${String(n)}`, {}, n % 2 === 0 ? 'GET' : 'MKCOL'))),
    )
    await delay(20)
    t.equal(await series(), before)
  })

  await t.test('a stop is told before it comes: not ready, while requests are still answered', async (t) => {
    served.child.kill('SIGTERM')
    let ready = await ask(`${ops}/readyz`)
    for (; ready.status === 200; ready = await ask(`${ops}/readyz`)) await delay(5)
    t.strictSame(ready, { status: 503, body: '{"status":"not ready","why":"the server is about to stop"}\n', allow: undefined })
    const { statusCode } = await sent(`${api}/api/user_info/`, { authorization: api_key })
    t.equal(statusCode, 200)
    t.equal((await ask(`${ops}/livez`)).status, 200)
    t.strictSame(await served.ended, { code: 0, signal: null })
  })
})

function sent(url: string, headers: Record<string, string>, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((done, failed) => request(url, { method, headers, agent: false }, done).on('error', failed).end())
}

t.test('not ready before it listens', async (t) => {
  const ready = serverReadiness(async () => undefined, new AbortController().signal, () => false)
  t.equal(await ready(), 'the server does not listen yet')
})

t.test('what asks for traces', async (t) => {
  const tracing = (env: Record<string, string>) => loadConfig(env).config.traces !== undefined
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'
  t.equal(tracing({}), false)
  t.equal(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT }), true)
  t.equal(tracing({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT }), true)
  t.equal(tracing({ OTEL_TRACES_EXPORTER: 'otlp' }), true)
  t.equal(tracing({ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT }), false)
  t.equal(tracing({ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT }), false)
})

t.test('the settings', async (t) => {
  const ops = (env: Record<string, string>) => loadConfig(env).config.ops
  t.strictSame(ops({}), { host: '127.0.0.1', port: 3001, isMeant: false })
  t.strictSame(ops({ ROSTER_DATA: 'x', NODE_ENV: 'production' }), { host: '127.0.0.1', port: 3001, isMeant: true })
  t.strictSame(ops({ ROSTER_OPS_PORT: '3001' }), { host: '127.0.0.1', port: 3001, isMeant: true })
  t.strictSame(ops({ ROSTER_OPS_HOST: '::' }), { host: '::', port: 3001, isMeant: true })
  t.equal(ops({ ROSTER_OPS_PORT: '' }), undefined)
})

t.test('an address that is taken: an error where it was set', async (t) => {
  const probes = { ready: async () => undefined, metrics: async () => '' }
  const first = await listenOps({ host: '127.0.0.1', port: 0, isMeant: false }, probes)
  const port = String(first.port)
  const served = serveProcess(t, store, { ROSTER_OPS_PORT: port })
  t.strictSame(await served.ended, { code: 1, signal: null })
  t.match(served.errors(), `can't listen for operations on 127.0.0.1:${port} (EADDRINUSE): set ROSTER_OPS_HOST and ROSTER_OPS_PORT`)
  const warned: string[] = []
  const log = { info: () => undefined, warn: (text: string) => warned.push(text) }
  t.equal(await openOps({ ops: { host: '127.0.0.1', port: first.port, isMeant: false } }, probes, log), undefined)
  t.equal(warned.length, 1, 'where it was not set, a warning')
  t.equal(await openOps({ ops: undefined }, probes, log), undefined)
  await first.close()
})

t.test('readiness: the schema, and a database that is away or silent', async (t) => {
  const db = openDatabase(testConfig(store))
  const ready = databaseReadiness(db)
  // The embedded engine takes its time to start.
  await checkSchema(db)
  t.strictSame(await Promise.all([ready(), ready()]), [undefined, undefined])
  await db.deleteFrom('kysely_migration' as never).execute()
  t.match(await ready(), /^the database lacks migrations \(.*\): run "roster migrate" first$/)
  // The one of the migration itself is not undone: its tables are there.
  await t.rejects(migrate(db))
  await db.destroy()

  const away = openDatabase(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
  t.equal(await databaseReadiness(away)(), 'the database does not answer')
  await away.destroy()
})
