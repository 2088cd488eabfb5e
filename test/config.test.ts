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
    [{ ROSTER_TRUSTED_PROXIES: '' }, 'trustedProxies', []],
    [{ ROSTER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,::1,fd00::/8' }, 'trustedProxies', ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']],
  ] as const) t.strictSame(load(env)[field], value, JSON.stringify(env))
})

t.test('the others: what is refused', async (t) => {
  const wrong = {
    DATABASE_URL: ['db.example/roster', 'mysql://db.example/roster', 'postgres://db.example:99999/roster', 'POSTGRES'],
    LOG_LEVEL: ['INFO', 'verbose'],
    ROSTER_PUBLIC_URL: [
      'roster.example', 'https://', 'https://roster.example/api', 'https://roster.example/?a', 'https://roster.example/#a',
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

t.test('an unknown ROSTER_ name is a warning that names the nearest one, and not its value', async (t) => {
  const { warnings } = loadConfig({
    DATABASE_URL, ROSTER_POOLSIZE: 'S3CRET', ROSTER_HASH_QUEUES: '1', ROSTER_: '', OTHER: 'x', roster_port: '1', PORTS: '1',
  })
  t.strictSame(warnings.slice(0, 2), [
    'ROSTER_POOLSIZE is not a setting; the nearest one is ROSTER_POOL_SIZE',
    'ROSTER_HASH_QUEUES is not a setting; the nearest one is ROSTER_HASH_QUEUE',
  ])
  t.match(warnings[2], /^ROSTER_ is not a setting; the nearest one is ROSTER_[A-Z0-9_]+$/)
  t.equal(warnings.length, 3)
})
