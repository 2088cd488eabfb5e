import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Config, type Environment, loadConfig } from '../src/config.js'
import { OperatorError } from '../src/errors.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

const DATABASE_URL = 'postgres://roster:hunter2@db.example:5432/roster'
const load = (env: Environment): Config => loadConfig({ DATABASE_URL, ...env }).config

/** The message of the refusal, which is always one with exit code 78. */
function refusal(env: Environment): string {
  try {
    loadConfig({ DATABASE_URL, ...env })
  } catch (error) {
    if (error instanceof OperatorError && error.exitCode === 78) return error.message
    throw error
  }
  return ''
}

const hour = 3_600_000
// Name, where it arrives, default, least, most.
const integers: readonly [string, (config: Config) => number, number, number, number][] = [
  ['PORT', (c) => c.port, 3000, 0, 65_535],
  ['ROSTER_PASSWORD_MIN_LENGTH', (c) => c.passwordMinLength, 8, 8, 1024],
  ['ROSTER_ARGON2_MEMORY_KIB', (c) => c.argon2.memoryKiB, 19_456, 8, 4_194_304],
  ['ROSTER_ARGON2_PASSES', (c) => c.argon2.passes, 2, 1, 1000],
  ['ROSTER_ARGON2_LANES', (c) => c.argon2.lanes, 1, 1, 255],
  ['ROSTER_HASH_CONCURRENCY', (c) => c.hashConcurrency, 2, 1, 1024],
  ['ROSTER_HASH_QUEUE', (c) => c.hashQueue, 256, 0, 100_000],
  ['ROSTER_POOL_SIZE', (c) => c.poolSize, 10, 1, 1000],
  ['ROSTER_DATABASE_QUEUE', (c) => c.databaseQueue, 256, 0, 100_000],
  ['ROSTER_CONNECT_MS', (c) => c.connectMs, 5000, 1, hour],
  ['ROSTER_STATEMENT_MS', (c) => c.statementMs, 10_000, 1, hour],
  ['ROSTER_LOCK_MS', (c) => c.lockMs, 5000, 1, hour],
  ['ROSTER_DEADLINE_MS', (c) => c.deadlineMs, 15_000, 1, hour],
  ['ROSTER_REQUESTS', (c) => c.requests, 1000, 1, 100_000],
  ['ROSTER_CONNECTIONS', (c) => c.connections, 10_000, 1, 1_000_000],
  ['ROSTER_HEADERS_MS', (c) => c.headersMs, 10_000, 1, hour],
  ['ROSTER_REQUEST_MS', (c) => c.requestMs, 30_000, 1, hour],
  ['ROSTER_ANSWER_MS', (c) => c.answerMs, 30_000, 1, hour],
  ['ROSTER_KEEP_ALIVE_MS', (c) => c.keepAliveMs, 65_000, 1, hour],
  ['ROSTER_SHUTDOWN_MS', (c) => c.shutdownMs, 10_000, 1, hour],
]

t.test('the defaults', async (t) => {
  const { config, warnings } = loadConfig({ DATABASE_URL })
  t.match(config, { store: { engine: 'postgres', url: DATABASE_URL }, production: false, host: '127.0.0.1', logLevel: 'info', trustedProxies: [] })
  t.equal(config.publicUrl, undefined)
  for (const [name, at, byDefault] of integers) t.equal(at(config), byDefault, name)
  t.strictSame(warnings, [])
  t.throws(() => Object.assign(config, { port: 1 }), 'nobody changes it later')
})

t.test('rates: requests and seconds', async (t) => {
  t.strictSame([load({}).ratePerKey, load({}).ratePerAddress], [undefined, undefined], 'none by default')
  for (const [value, requests, seconds] of [['600/60', 600, 60], ['1/1', 1, 1], ['1000000/3600', 1_000_000, 3600]] as const) {
    t.strictSame(load({ ROSTER_RATE_PER_KEY: value }).ratePerKey, { requests, seconds })
    t.strictSame(load({ ROSTER_RATE_PER_ADDRESS: value }).ratePerAddress, { requests, seconds })
  }
  for (const value of ['600', '600/', '/60', '0/60', '600/0', '1000001/60', '600/3601', '600/60/1', '600/1m', '-1/60', '1.5/60', '600 / 60', '/', 'off']) {
    t.match(refusal({ ROSTER_RATE_PER_KEY: value }), /^bad configuration: ROSTER_RATE_PER_KEY must be requests and seconds/, value)
  }
})

t.test('integers: the least and the most are taken, what is beyond or no integer is not', async (t) => {
  for (const [name, at, , least, most] of integers) {
    for (const value of [least, most]) t.equal(at(load({ [name]: String(value) })), value, name)
    const message = `bad configuration: ${name} must be an integer from ${String(least)} to ${String(most)}`
    for (const value of [
      String(least - 1), String(most + 1), ' 9', '9.5', '1e3', '0x10', '+9', 'many', '9'.repeat(16), 'Infinity',
    ]) t.equal(refusal({ [name]: value }), message, `${name}=${value}`)
  }
})

t.test('the others: what is taken, and as what', async (t) => {
  for (const [env, field, value] of [
    [
      { DATABASE_URL: 'postgresql:///roster?host=/run/postgresql' },
      'store',
      { engine: 'postgres', url: 'postgresql:///roster?host=/run/postgresql' },
    ],
    [{ DATABASE_URL: '' }, 'store', { engine: 'embedded', folder: path.resolve('.roster') }],
    [{ DATABASE_URL: '', ROSTER_DATA: '/srv/roster' }, 'store', { engine: 'embedded', folder: '/srv/roster' }],
    [{ DATABASE_URL: '', ROSTER_DATA: 'x/', NODE_ENV: 'production' }, 'store', { engine: 'embedded', folder: path.resolve('x') }],
    [{ NODE_ENV: 'production' }, 'production', true],
    [{ HOST: '' }, 'host', '127.0.0.1'],
    [{ LOG_LEVEL: '' }, 'logLevel', 'info'],
    [{ HOST: '::' }, 'host', '::'],
    ...['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => [{ LOG_LEVEL: level }, 'logLevel', level] as const),
    [{ ROSTER_PUBLIC_URL: '' }, 'publicUrl', undefined],
    [{ ROSTER_PUBLIC_URL: 'https://roster.example' }, 'publicUrl', 'https://roster.example'],
    [{ ROSTER_PUBLIC_URL: 'http://ROSTER.example:8080/' }, 'publicUrl', 'http://roster.example:8080'],
    [{ ROSTER_PUBLIC_URL: 'https://roster.example:443' }, 'publicUrl', 'https://roster.example'],
    [{ ROSTER_PUBLIC_URL: 'https://corp.example/directory' }, 'publicUrl', 'https://corp.example/directory'],
    [{ ROSTER_PUBLIC_URL: 'https://corp.example/a-b/c_d.e~/' }, 'publicUrl', 'https://corp.example/a-b/c_d.e~'],
    [{ ROSTER_PUBLIC_URL: 'https://corp.example/a/../b' }, 'publicUrl', 'https://corp.example/b'],
    [{ ROSTER_TRUSTED_PROXIES: '' }, 'trustedProxies', []],
    [{ ROSTER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,::1,fd00::/8' }, 'trustedProxies', ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']],
  ] as const) t.strictSame(load(env)[field], value, JSON.stringify(env))
})

t.test('the others: what is refused', async (t) => {
  const wrong = {
    DATABASE_URL: ['db.example/roster', 'mysql://db.example/roster', 'postgres://db.example:99999/roster', 'POSTGRES'],
    LOG_LEVEL: ['INFO', 'verbose'],
    ROSTER_PUBLIC_URL: [
      'roster.example', 'https://', 'https://roster.example/?a', 'https://roster.example/a?b', 'https://roster.example/a//b',
      'https://roster.example/a%2fb', 'https://roster.example/a b', 'https://roster.example/<a>', 'https://roster.example/a//', `https://roster.example/${'a'.repeat(256)}`, 'https://roster.example/#a',
      'https://u:p@roster.example', 'ftp://roster.example', ' https://roster.example',
    ],
    ROSTER_TRUSTED_PROXIES: [' ', 'loopback', '127.0.0.1,', '10.0.0.0/', '10.0.0.0/1000', '127.0.0.1;::1', '*', 'true'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) t.match(refusal({ [name]: value }), new RegExp(`^bad configuration: ${name} must be [^;]+$`), `${name}=${value}`)
  }
})

t.test('the store: one of the two, and in production it must be said which', async (t) => {
  const both = 'bad configuration: DATABASE_URL and ROSTER_DATA are both set: set one'
  t.equal(refusal({ ROSTER_DATA: 'x' }), both)
  t.equal(refusal({ ROSTER_DATA: 'x', NODE_ENV: 'production' }), both)
  t.match(refusal({ DATABASE_URL: '', NODE_ENV: 'production' }), /DATABASE_URL \(a Postgres server\) or ROSTER_DATA \(a folder\) must be set$/)
})

t.test('what is in force, and where it comes from; secrets are masked', async (t) => {
  const { effective } = loadConfig({ DATABASE_URL, PORT: '1' })
  const of = (name: string) => effective.find((setting) => setting.name === name)
  t.strictSame(of('DATABASE_URL'), { name: 'DATABASE_URL', value: '********', source: 'environment' })
  t.strictSame(of('PORT'), { name: 'PORT', value: '1', source: 'environment' })
  t.strictSame(of('HOST'), { name: 'HOST', value: '127.0.0.1', source: 'default' })
  t.equal(loadConfig({}).effective.find(({ name }) => name === 'DATABASE_URL')?.value, '')
})

t.test('networks that only look like ones are refused here, not where they are used', async (t) => {
  for (const value of ['10.0.0.0/99', 'fd00::/129', '999.1.1.1', ':::']) {
    t.match(refusal({ ROSTER_TRUSTED_PROXIES: value }), /ROSTER_TRUSTED_PROXIES must/, value)
  }
})

t.test('all faults come together, and none repeats a value', async (t) => {
  const names = ['DATABASE_URL', 'LOG_LEVEL', 'ROSTER_PUBLIC_URL', 'ROSTER_TRUSTED_PROXIES', ...integers.map(([name]) => name)]
  const secret = 'S3CRET'
  const message = refusal(Object.fromEntries(names.map((name) => [name, secret])))
  for (const name of names) t.match(message, new RegExp(`[:;] ${name} must `))
  t.notMatch(message, secret)
})

t.test('DATABASE_URL_FILE', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'roster-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (content: string): string => {
    writeFileSync(path.join(folder, 'url'), content)
    return path.join(folder, 'url')
  }
  const none = { DATABASE_URL: undefined }
  t.strictSame(load({ ...none, DATABASE_URL_FILE: file(`${DATABASE_URL}\n`) }).store, { engine: 'postgres', url: DATABASE_URL })
  t.strictSame(load({ DATABASE_URL_FILE: '' }).store, { engine: 'postgres', url: DATABASE_URL }, 'an empty one is as none')
  t.equal(
    refusal({ DATABASE_URL_FILE: file(DATABASE_URL) }),
    'bad configuration: DATABASE_URL and DATABASE_URL_FILE are both set: set one',
  )
  const unreadable = refusal({ ...none, PORT: 'x', DATABASE_URL_FILE: path.join(folder, 'S3CRET') })
  t.match(unreadable, /^bad configuration: DATABASE_URL_FILE names a file that can't be read; PORT must/)
  t.notMatch(unreadable, 'S3CRET')
  const malformed = refusal({ ...none, DATABASE_URL_FILE: file('S3CRET') })
  t.match(malformed, /^bad configuration: DATABASE_URL must be the URL/)
  t.notMatch(malformed, 'S3CRET')
  t.match(loadConfig({ DATABASE_URL, PORT_FILE: 'x', HOST_FILE: 'y' }), { config: { port: 3000, host: '127.0.0.1' } }, 'secrets only')
})

t.test('an unknown ROSTER_ name is told with the nearest one, and not its value', async (t) => {
  const { unknown, warnings } = loadConfig({
    DATABASE_URL, ROSTER_POOLSIZE: 'S3CRET', ROSTER_HASH_QUEUES: '1', ROSTER_LOG_LEVEL: 'debug', ROSTER_PORT: '3000', ROSTER_: '', OTHER: 'x', roster_port: '1', PORTS: '1',
  })
  t.strictSame(unknown.slice(0, 4), [
    'ROSTER_POOLSIZE is not a setting; the nearest one is ROSTER_POOL_SIZE',
    'ROSTER_HASH_QUEUES is not a setting; the nearest one is ROSTER_HASH_QUEUE',
    'ROSTER_LOG_LEVEL is not a setting; the nearest one is LOG_LEVEL',
    'ROSTER_PORT is not a setting; the nearest one is PORT',
  ])
  t.match(unknown[4], /^ROSTER_ is not a setting; the nearest one is ROSTER_[A-Z0-9_]+$/)
  t.equal(unknown.length, 5)
  t.strictSame(warnings, [])
})

t.test('what orchestrators inject for a service that is named roster or roster-… is no setting', async (t) => {
  const linksOf = (service: string, port: number): Record<string, string> => ({
    [`${service}_SERVICE_HOST`]: '10.0.0.1',
    [`${service}_SERVICE_PORT`]: String(port),
    [`${service}_SERVICE_PORT_HTTP`]: String(port),
    [`${service}_PORT`]: `tcp://10.0.0.1:${String(port)}`,
    ...Object.fromEntries(
      ['TCP', 'UDP', 'SCTP'].flatMap((protocol) => {
        const name = `${service}_PORT_${String(port)}_${protocol}`
        return [[name, `tcp://10.0.0.1:${String(port)}`], [`${name}_PROTO`, 'tcp'], [`${name}_PORT`, String(port)], [`${name}_ADDR`, '10.0.0.1']]
      }),
    ),
  })
  const ops = loadConfig({ DATABASE_URL, ...linksOf('ROSTER_OPS', 9090) })
  t.strictSame(ops.config.ops, { host: '127.0.0.1', port: 3001, isMeant: false }, 'the default, as if it were not set')
  t.strictSame(ops.unknown, [])
  t.equal(ops.warnings.length, 1)
  t.match(ops.warnings[0], /^ROSTER_OPS_PORT is set by Kubernetes/)
  t.notMatch(ops.warnings[0], '10.0.0.1')
  t.strictSame(ops.effective.find(({ name }) => name === 'ROSTER_OPS_PORT'), { name: 'ROSTER_OPS_PORT', value: '3001', source: 'default' })
  for (const service of ['ROSTER', 'ROSTER_API', 'ROSTER_POOL_SIZE', 'ROSTER_SERVICE', 'ROSTER_2']) {
    const { unknown, warnings } = loadConfig({ DATABASE_URL, ...linksOf(service, 8080) })
    t.strictSame([unknown, warnings], [[], []], service)
  }
  t.match(loadConfig({ DATABASE_URL, ...linksOf('ROSTER_OPS', 9090), NODE_ENV: 'production' }).config.ops, { port: 3001 })
  for (const value of ['udp://10.0.0.1:53', 'sctp://[fd00::1]:9090']) t.equal(loadConfig({ DATABASE_URL, ROSTER_OPS_PORT: value }).config.ops?.port, 3001)
  for (const value of ['http://10.0.0.1:9090', '10.0.0.1:9090', 'tcp']) t.match(refusal({ ROSTER_OPS_PORT: value }), /^bad configuration: ROSTER_OPS_PORT must be/)
  t.match(refusal({ PORT: 'tcp://10.0.0.1:80' }), /^bad configuration: PORT must be/, 'no service is named so')
  t.equal(loadConfig({ DATABASE_URL, ROSTER_API_PORT: '3000' }).unknown.length, 1, 'a port that somebody wrote')
})

t.test('settings that are right alone and do not fit together are refused together', async (t) => {
  const memory = 'ROSTER_ARGON2_MEMORY_KIB must be at least 8 times ROSTER_ARGON2_LANES'
  t.equal(refusal({ ROSTER_ARGON2_MEMORY_KIB: '8', ROSTER_ARGON2_LANES: '4' }), `bad configuration: ${memory}`)
  t.equal(refusal({ ROSTER_ARGON2_MEMORY_KIB: '31', ROSTER_ARGON2_LANES: '4' }), `bad configuration: ${memory}`)
  t.match(load({ ROSTER_ARGON2_MEMORY_KIB: '32', ROSTER_ARGON2_LANES: '4' }).argon2, { memoryKiB: 32, lanes: 4 })
  const port = 'PORT and ROSTER_OPS_PORT are the same: set one to another port'
  for (const env of [
    { PORT: '3001' }, { ROSTER_OPS_PORT: '3000' }, { PORT: '9', ROSTER_OPS_PORT: '9' }, { PORT: '3001', HOST: '0.0.0.0' }, { PORT: '3001', ROSTER_OPS_HOST: '::' },
  ]) t.equal(refusal(env), `bad configuration: ${port}`, JSON.stringify(env))
  for (const env of [
    { PORT: '3001', ROSTER_OPS_PORT: '' }, { PORT: '0', ROSTER_OPS_PORT: '0' }, { PORT: '3001', ROSTER_OPS_PORT: '3000' }, { PORT: '3001', HOST: '192.0.2.1' },
  ]) t.equal(refusal(env), '', JSON.stringify(env))
  t.equal(refusal({ ROSTER_ARGON2_LANES: '4', ROSTER_ARGON2_MEMORY_KIB: '8', PORT: '3001', LOG_LEVEL: 'x' }).split('; ').length, 3)
  t.notMatch(refusal({ PORT: 'x', ROSTER_OPS_PORT: 'y', ROSTER_ARGON2_LANES: 'z' }), /the same|at least/)
})

t.test('hosts and folders that can be none', async (t) => {
  for (const name of ['HOST', 'ROSTER_OPS_HOST']) {
    for (const value of [' ', 'a b', 'http://a', 'a:3000', '127.0.0.1:3000', '[::1]', '-a', '*', ':', 'a/b', 'x'.repeat(300)]) {
      t.match(refusal({ [name]: value }), new RegExp(`^bad configuration: ${name} must be an address or a host name`), value)
    }
    for (const value of ['localhost', '0.0.0.0', '::', '::1', 'fe80::1%eth0', 'a-b_c.example', '10.0.0.1']) t.equal(refusal({ [name]: value }), '', value)
  }
  t.match(refusal({ DATABASE_URL: '', ROSTER_DATA: ' ' }), /ROSTER_DATA must be the path of a folder/)
})

t.test('OpenTelemetry’s variables are read as it defines them, and none stops a process', async (t) => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector.example:4318'
  const traces = (env: Environment) => loadConfig({ DATABASE_URL, ...env })
  for (const value of ['true', 'True', 'TRUE', ' true ']) {
    const { config, warnings } = traces({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: value })
    t.strictSame([config.traces, warnings], [undefined, []], value)
  }
  for (const [value, warned] of [['false', 0], ['False', 0], ['', 0], [' ', 0], ['1', 1], ['yes', 1], ['constructor', 1]] as const) {
    const { config, warnings } = traces({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: value })
    t.strictSame([config.traces !== undefined, warnings.length], [true, warned], value)
  }
  for (const [value, on, warned] of [
    ['otlp', true, 0], ['OTLP', true, 0], ['otlp, otlp', true, 0], ['none', false, 0], ['None', false, 0], ['otlp,none', false, 0], ['', false, 0],
    ['console', false, 1], ['zipkin', false, 1], ['jaeger,zipkin', false, 1], ['otlp,console', true, 1], ['console , otlp', true, 1], [',', false, 1],
  ] as const) {
    const { config, warnings } = traces({ OTEL_TRACES_EXPORTER: value })
    t.strictSame([config.traces !== undefined, warnings.length], [on, warned], value)
  }
  for (const [env, url] of [
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT }, 'http://collector.example:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' https://collector.example/otlp/ ' }, 'https://collector.example/otlp/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces.example' }, 'http://traces.example/'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces.example/v1/traces' }, 'http://traces.example/v1/traces'],
  ] as const) t.strictSame([traces(env).config.traces?.url, traces(env).warnings], [url, []], JSON.stringify(env))
  t.match(traces({ OTEL_EXPORTER_OTLP_ENDPOINT }).config.traces, { sampler: 'parentbased_always_on', ratio: 1, delayMs: 5000, exportMs: 30_000, queue: 2048, batch: 512 })
  const wrong: Record<string, readonly string[]> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4317', 'grpc://c:4317', 'S3CRET', 'http://', 'unix:///x'],
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['collector:4317', 'S3CRET'],
    OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http/json', 'S3CRET'],
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc'],
    OTEL_TRACES_SAMPLER: ['jaeger_remote', 'xray', 'always'],
    OTEL_TRACES_SAMPLER_ARG: ['2', '-1', 'half', 'endpoint=http://S3CRET', '1.1', 'NaN', 'Infinity', '1e-3'],
    OTEL_BSP_SCHEDULE_DELAY: ['-1', 'soon', '99999999999', '1.5'],
    OTEL_BSP_EXPORT_TIMEOUT: ['-1', '30s'],
    OTEL_BSP_MAX_QUEUE_SIZE: ['0', '-1', '1e9'],
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ['0', 'all'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const { config, warnings, effective } = traces({ OTEL_TRACES_EXPORTER: 'otlp', [name]: value })
      t.strictSame(config.traces, traces({ OTEL_TRACES_EXPORTER: 'otlp' }).config.traces, `${name}=${value}`)
      t.equal(warnings.length, 1)
      t.match(warnings[0], new RegExp(`^${name} must be .*; its value is ignored$`))
      t.notMatch(warnings[0], 'S3CRET')
      t.equal(effective.find((one) => one.name === name)?.source, 'default')
    }
    t.strictSame(traces({ OTEL_TRACES_EXPORTER: 'otlp', [name]: ' ' }).warnings, [], `${name}: white space is as nothing`)
  }
  const right = { OTEL_TRACES_SAMPLER: 'TraceIdRatio', OTEL_TRACES_SAMPLER_ARG: '.25', OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/protobuf' }
  t.match(traces({ OTEL_EXPORTER_OTLP_ENDPOINT, ...right }), { config: { traces: { sampler: 'traceidratio', ratio: 0.25 } }, warnings: [] })
  for (const [value, ratio] of [['0', 0], ['1', 1], ['1.0', 1], ['0.5', 0.5], ['1.', 1]] as const) {
    t.equal(traces({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: value }).config.traces?.ratio, ratio, value)
  }
})

t.test('the password in the URL of a collector is masked', async (t) => {
  const { effective } = loadConfig({ DATABASE_URL, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:S3CRET@collector.example/x' })
  t.equal(effective.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_ENDPOINT')?.value, 'https://********@collector.example/x')
})
