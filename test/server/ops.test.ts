import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSilent, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '../../src/db/database.js'
import { databaseReadiness } from '../../src/ops/readiness.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { emptyFolder, freshDatabase, testConfig } from '../helpers/database.js'
import { withBrokenTable } from '../helpers/directory.js'
import { ask, opsOf } from '../helpers/ops.js'
import { serveProcess } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const { api_key, user_id } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
const headers = { Authorization: `Bearer ${api_key}` }

const valueOf = (body: string, name: string): number =>
  body
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

t.test('the metrics of workers are summed up, also of one that died, and one listener tells them', async (t) => {
  const served = serveProcess(t, store, { ROSTER_OPS_PORT: '0', ROSTER_DRAIN_MS: '300' }, ['--workers', '2'])
  const api = await served.listening
  const ops = await opsOf(served)
  const requests = async (n: number): Promise<void> => {
    // Each on a connection of its own, so that both workers get some.
    for (let i = 0; i < n; i++) await (await fetch(`${api}/api/user_info/`, { headers: { ...headers, Connection: 'close' } })).text()
  }
  const metrics = async () => (await ask(`${ops}/metrics`)).body
  const count = (body: string) => valueOf(body, 'http_server_request_duration_seconds_count')
  while (valueOf(await metrics(), 'roster_workers ') < 2) await delay(20)
  t.equal((await ask(`${ops}/readyz`)).status, 200)

  await requests(30)
  const [before, beside] = await Promise.all([metrics(), metrics()])
  t.equal(count(beside), 30, 'of two that ask at once both are told')
  t.equal(count(before), 30)
  t.equal(valueOf(before, 'roster_lookups_total'), 30)
  t.equal(valueOf(before, 'roster_build_info'), 2)
  t.equal(before.split('\n').filter((line) => line.startsWith('# TYPE http_server_request_duration_seconds ')).length, 1)

  const pids = served.log.filter(({ msg }) => msg.startsWith('Server listening')).map(({ pid }) => pid!)
  process.kill(pids[0]!, 'SIGKILL')
  while (valueOf(await metrics(), 'roster_workers_replaced_total') < 1) await delay(20)
  t.equal(count(await metrics()), 30, 'what was counted stays counted')
  while (valueOf(await metrics(), 'roster_workers ') < 2) await delay(20)
  await requests(10)
  t.equal(count(await metrics()), 40)

  const worker = served.log.filter(({ msg }) => msg.startsWith('Server listening')).map(({ pid }) => pid!).at(-1)!
  process.kill(worker, 'SIGSTOP')
  const began = performance.now()
  t.equal(count(await metrics()), 40, 'one that does not answer counts as it last did')
  t.ok(performance.now() - began < 2500)
  process.kill(worker, 'SIGCONT')

  served.child.kill('SIGTERM')
  while ((await ask(`${ops}/readyz`)).status === 200) await delay(5)
  await requests(1)
  t.strictSame(await served.ended, { code: 0, signal: null })
})

t.test('a database that is silent makes the server not ready within the bound', async (t) => {
  const silent = createSilent().listen(0, '127.0.0.1')
  await new Promise((done) => silent.once('listening', done))
  const { port } = silent.address() as AddressInfo
  const mute = openDatabase(testConfig({ DATABASE_URL: `postgres://nobody@127.0.0.1:${String(port)}/nowhere` }))
  const began = performance.now()
  t.equal(await databaseReadiness(mute)(), 'the database does not answer')
  t.ok(performance.now() - began < 3000)
  silent.close()
})

t.test('traces: a request, its statements and its hash, in the trace of the client, and no secret', async (t) => {
  const bodies: Buffer[] = []
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((done) => collector.once('listening', done))
  t.teardown(() => collector.close())
  const { port } = collector.address() as AddressInfo
  const served = serveProcess(t, store, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(port)}`,
    OTEL_SERVICE_NAME: 'directory',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  })
  const api = await served.listening
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const parent = 'b7ad6b7169203331'
  const traced = { ...headers, traceparent: `00-${trace}-${parent}-01`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ first_name: 'Secretname', password: 'correct horse' })
  const { status } = await fetch(`${api}/api/user/${String(user_id)}/`, { method: 'PATCH', headers: traced, body })
  t.equal(status, 200)
  await (await fetch(`${api}/api/user_info/`, { headers })).text()
  await (await fetch(`${api}/openapi.json`)).text()
  const twice = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: '{"username":"ALICE","profile":{}}' }
  t.equal((await fetch(`${api}/api/user/`, twice)).status, 400)
  await withBrokenTable(db, 'user_count', async () => {
    t.equal((await fetch(`${api}/api/user/`, { headers })).status, 500)
  })
  await (await fetch(`${api}/nowhere`, { headers })).text()
  served.child.kill('SIGTERM')
  t.strictSame(await served.ended, { code: 0, signal: null })

  const sent = Buffer.concat(bodies)
  const texts = sent.toString('latin1')
  for (const name of ['partialUpdateUser', 'duplicate', 'internal_error', '/openapi.json', 'sql select', 'sql update', 'hash', 'directory', '/api/user/:user_id/']) t.ok(texts.includes(name), name)
  const times = (hex: string) => sent.toString('hex').split(hex).length - 1
  t.ok(times(trace) >= 5, 'its spans are of the trace of the client')
  t.equal(times(parent), 1, 'the request is the child of the span that was sent')
  for (const secret of [api_key, 'Secretname', 'correct horse', 'alice']) t.notOk(texts.includes(secret))
  t.strictSame(
    served.log.filter(({ msg }) => msg === 'answered').map((line) => (line as { trace_id?: string }).trace_id?.length),
    [32, 32, 32, 32, 32, undefined],
    'what calls no operation makes no span',
  )
})

t.test('without its settings nothing of OpenTelemetry is loaded, and the trace of the client is in the log', async (t) => {
  for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
    // What covers lines knows every file that was loaded.
    const folder = emptyFolder(t)
    const served = serveProcess(t, store, { ...env, NODE_V8_COVERAGE: folder })
    const api = await served.listening
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    for (const traceparent of [`00-${trace}-00f067aa0ba902b7-01`, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, 'nonsense']) {
      await (await fetch(`${api}/api/user_info/`, { headers: { ...headers, traceparent } })).text()
    }
    served.child.kill('SIGTERM')
    await served.ended
    const loaded = readdirSync(folder).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { result: { url: string }[] }
      return result.map(({ url }) => url)
    })
    t.ok(loaded.some((url) => url.includes('node_modules/prom-client')), 'it is known')
    // What `prom-client` itself asks for has the types of an interface, and does nothing.
    t.strictSame(loaded.filter((url) => /@opentelemetry\/(?!api\/)/.test(url)), [])
    t.strictSame(
      served.log.filter(({ msg }) => msg === 'answered').map((line) => (line as { trace_id?: string }).trace_id),
      [trace, undefined, undefined],
    )
  }
})
