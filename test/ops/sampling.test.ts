import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { loadConfig, type TracesConfig } from '../../src/config.js'
import { startTracing } from '../../src/ops/tracing.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

let sent = Buffer.alloc(0)
const collector = createServer((request, response) => {
  request.on('data', (bytes: Buffer) => (sent = Buffer.concat([sent, bytes])))
  request.on('end', () => response.end())
}).listen(0, '127.0.0.1')
await new Promise((done) => collector.once('listening', done))
t.teardown(() => collector.close())
const endpoint = `http://127.0.0.1:${String((collector.address() as AddressInfo).port)}`

/** How many of the spans of two requests were sent: of one whose client wants it traced, and of one whose client does not. */
async function sentOf(env: Record<string, string>): Promise<readonly [boolean, boolean]> {
  sent = Buffer.alloc(0)
  const traces = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env }).config.traces as TracesConfig
  const tracing = startTracing(traces)
  const app = fastify()
  app.decorateRequest('operation_id')
  app.decorateRequest('trace_id')
  tracing.traceRequests(app)
  app.get('/', () => 'here')
  const ids = ['0af7651916cd43dd8448eb211c80319c', '4bf92f3577b34da6a3ce929d0e0e4736']
  for (const [i, id] of ids.entries()) await app.inject({ url: '/', headers: { traceparent: `00-${id}-b7ad6b7169203331-0${String(1 - i)}` } })
  await app.close()
  await tracing.stop()
  const [wanted, unwanted] = ids.map((id) => sent.toString('hex').includes(id))
  return [wanted === true, unwanted === true]
}

t.test('the sampler decides what is sent', async (t) => {
  for (const [OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, expected] of [
    ['', '', [true, false]],
    ['always_on', '', [true, true]],
    ['always_off', '', [false, false]],
    ['traceidratio', '', [true, true]],
    ['traceidratio', '0', [false, false]],
    ['parentbased_always_on', '', [true, false]],
    ['parentbased_always_off', '', [true, false]],
    ['parentbased_traceidratio', '0', [true, false]],
    ['xray', '', [true, false]],
  ] as const) {
    t.strictSame(await sentOf({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }), expected, `${OTEL_TRACES_SAMPLER} ${OTEL_TRACES_SAMPLER_ARG}`)
  }
})

t.test('a batch is no larger than the queue that it is taken from', async (t) => {
  t.strictSame(await sentOf({ OTEL_BSP_MAX_QUEUE_SIZE: '1' }), [true, false])
})

t.test('variables that OpenTelemetry reads itself can be wrong', async (t) => {
  const wrong = {
    OTEL_EXPORTER_OTLP_HEADERS: '=,;S3CRET', OTEL_EXPORTER_OTLP_TIMEOUT: 'soon', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '-1', OTEL_EXPORTER_OTLP_COMPRESSION: 'br',
    OTEL_RESOURCE_ATTRIBUTES: 'a=b=c,%', OTEL_PROPAGATORS: 'jaeger', OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere', OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '-1',
  }
  Object.assign(process.env, wrong)
  t.teardown(() => Object.keys(wrong).forEach((name) => Reflect.deleteProperty(process.env, name)))
  t.strictSame(await sentOf({}), [true, false])
})
