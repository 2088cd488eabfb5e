import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { Batches, Exports } from '../../src/ops/exports.js'
import { engine, freshStore } from '../helpers/database.js'
import { opsOf } from '../helpers/ops.js'
import { serveProcess, within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const silent = createServer((socket) => socket.on('error', () => undefined).unref())
const broken = createHttp((_request, response) => response.writeHead(500).end('garbage'))
const local = (port: number): string => `http://127.0.0.1:${String(port)}`
const collectors: Record<string, string> = {
  away: 'http://collector.invalid:4318',
  refusing: local(1),
  silent: local(await portOf(silent)),
  broken: local(await portOf(broken)),
}
const store = await freshStore(t)
const modes = engine === 'postgres' ? [[], ['--workers', '2']] : [[]]

for (const [what, OTEL_EXPORTER_OTLP_ENDPOINT] of Object.entries(collectors)) {
  for (const args of modes) {
    t.test(`${['serve', ...args].join(' ')}: a stop with a collector that is ${what}`, async (t) => {
      const served = serveProcess(t, store, { OTEL_EXPORTER_OTLP_ENDPOINT, ROSTER_OPS_PORT: '0', ROSTER_DRAIN_MS: '0' }, args)
      const url = await served.listening
      for (let n = 0; n < 5; n++) await (await fetch(`${url}/api/user_info/`, { headers: { connection: 'close' } })).text()
      t.match(await (await fetch(`${await opsOf(served)}/metrics`)).text(), /^roster_spans_dropped_total 0$/m)
      served.child.kill('SIGTERM')
      t.ok(await within(4000, served.ended), 'it stops in time')
      t.match(await served.ended, { code: 0, signal: null })
      t.equal(served.errors().includes('Error'), false, served.errors())
      const told = served.log.filter(({ msg }) => msg.startsWith('traces could not be sent'))
      t.ok(told.length >= 1)
      t.equal(new Set(told.map(({ pid }) => pid)).size, told.length, 'a process says it once')
      t.equal(served.log.some(({ msg }) => msg.startsWith('requests in flight')), false)
    })
  }
}

t.test('failing exports are counted, and told once a minute', async (t) => {
  const error = Object.assign(new Error('secret'), { code: 'ECONNREFUSED' })
  const answers = [{ code: 1, error }, { code: 1 }, { code: 0 }]
  const exporterOf = (answer: () => object | undefined): SpanExporter =>
    ({ export: (_spans: unknown, done: (result: unknown) => void) => { done(answer()) }, shutdown: () => Promise.resolve() }) as unknown as SpanExporter
  const exports = new Exports(exporterOf(() => answers.shift()), 9)
  const codes: unknown[] = []
  const spans = [{}, {}] as unknown as Parameters<SpanExporter['export']>[0]
  const told: object[] = []
  exports.export(spans, ({ code }) => codes.push(code))
  t.strictSame([exports.dropped, told], [2, []], 'before a log is there')
  exports.export(spans, ({ code }) => codes.push(code))
  exports.export(spans, ({ code }) => codes.push(code))
  t.strictSame([exports.dropped, codes], [4, [1, 1, 0]])
  const logged = new Exports(exporterOf(() => ({ code: 1, error })), 9)
  logged.onLost = (what) => told.push(what)
  for (let n = 0; n < 3; n++) logged.export(spans, () => undefined)
  t.strictSame([logged.dropped, told], [6, [{ spans: 2, reason: 'ECONNREFUSED' }]])
  t.equal(await logged.stop({ shutdown: () => Promise.reject(error) }), false)
  t.equal(told.length, 1)
})

t.test('spans that find the queue full are counted, while a collector is slow', async (t) => {
  const waiting: ((result: unknown) => void)[] = []
  const exporter = { export: (_spans: unknown, done: (result: unknown) => void) => waiting.push(done), shutdown: () => Promise.resolve() }
  const exports = new Exports(exporter as unknown as SpanExporter, 4)
  const told: object[] = []
  exports.onLost = (what) => told.push(what)
  const batches = new Batches(exports, { maxExportBatchSize: 2 })
  const tracer = new TracerProvider({ spanProcessors: [batches] }).getTracer('test')
  const end = (count: number) => {
    for (let n = 0; n < count; n++) tracer.startSpan('a').end()
  }
  end(6)
  t.strictSame([waiting.length, exports.dropped], [1, 0], 'two are under way, and four wait')
  end(3)
  t.strictSame([exports.dropped, told], [3, [{ spans: 1, reason: 'the queue is full' }]])
  waiting.shift()!({ code: 0 })
  await delay(10)
  end(3)
  t.equal(exports.dropped, 4, 'the next two are under way')
  const stopped = exports.stop(batches)
  waiting.splice(0).forEach((done) => { done({ code: 0 }) })
  await delay(10)
  waiting.splice(0).forEach((done) => { done({ code: 0 }) })
  t.equal(await stopped, false)
  t.strictSame([exports.dropped, told.length], [4, 1])
})
