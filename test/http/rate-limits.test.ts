import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { operations } from '../../generated/operations.js'
import { makeCounter } from '../../src/http/rate-limits.js'
import { appOn, isError, makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { app: unlimited, db, store, superuser, admin, viewer } = await makeDirectory(t)

const appWith = (env: Record<string, string>): Promise<FastifyInstance> => appOn(t, { store, db }, env)

const send = (app: FastifyInstance, key?: string, remoteAddress = '192.0.2.1', headers: Record<string, string> = {}) =>
  app.inject({ url: '/api/user_info/', remoteAddress, headers: { ...(key === undefined ? {} : { authorization: key }), ...headers } })

interface Item {
  readonly name: string
  readonly parameters: Record<string, number>
}

/** A List of Strings with Integer parameters, by the grammar of RFC 9651, section 4.2; it fails on anything else. */
function parseItems(field: unknown): Item[] {
  let rest = String(field)
  const take = (pattern: RegExp): string => {
    const [all, part = ''] = new RegExp(`^(?:${pattern.source})`).exec(rest) ?? []
    if (all === undefined) throw new Error(`no ${pattern.source} at ${rest}`)
    rest = rest.slice(all.length)
    return part
  }
  const items: Item[] = []
  do {
    const item: Item = { name: take(/"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/), parameters: {} }
    while (rest.startsWith(';')) item.parameters[take(/; *([a-z*][a-z0-9_.*-]*)=/)] = Number(take(/(-?\d{1,15})(?![\d.])/))
    items.push(item)
    if (rest !== '') take(/[ \t]*,[ \t]*(?=")/)
  } while (rest !== '')
  return items
}

const standing = ({ headers }: LightMyRequestResponse) => ({
  policy: parseItems(headers['ratelimit-policy']),
  limit: parseItems(headers['ratelimit']),
})

t.test('the parser of the test takes nothing but structured fields', async (t) => {
  t.strictSame(parseItems('"a";q=1;w=2, "b";q=3'), [
    { name: 'a', parameters: { q: 1, w: 2 } },
    { name: 'b', parameters: { q: 3 } },
  ])
  for (const field of ['', 'a;q=1', '"a";q=', '"a";q=1.5', '"a";q=1,', '"a";Q=1', '"a" ;q=1', undefined]) t.throws(() => parseItems(field))
})

t.test('by default there is no limit and no header of one', async (t) => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => send(unlimited, superuser)))
  t.ok(answers.every(({ statusCode }) => statusCode === 200))
  t.notOk(answers.some(({ headers }) => 'ratelimit' in headers || 'ratelimit-policy' in headers))
})

t.test('every answer of an operation says how the caller stands', async (t) => {
  const app = await appWith({ ROSTER_RATE_PER_ADDRESS: '100/60', ROSTER_RATE_PER_KEY: '10/30' })
  const policy = [
    { name: 'address', parameters: { q: 100, w: 60 } },
    { name: 'key', parameters: { q: 10, w: 30 } },
  ]
  const first = await send(app, superuser)
  t.strictSame(standing(first), {
    policy,
    limit: [
      { name: 'address', parameters: { r: 99, t: 60 } },
      { name: 'key', parameters: { r: 9, t: 30 } },
    ],
  })
  t.notOk('retry-after' in first.headers)
  const wrong = await send(app, 'rst_x')
  t.equal(wrong.statusCode, 401)
  t.strictSame(standing(wrong), { policy, limit: [{ name: 'address', parameters: { r: 98, t: 60 } }] })
  for (const { method, path } of Object.values(operations)) {
    const url = `/api${path.replace('{user_id}', '0')}`
    const answer = await app.inject({ method, url, headers: { authorization: viewer.key }, remoteAddress: '192.0.2.9' })
    t.strictSame(standing(answer).policy, policy, `${method} ${path}: ${String(answer.statusCode)}`)
  }
  const unknown = await app.inject({ url: '/nothing' })
  t.notOk('ratelimit' in unknown.headers, 'what is no operation is not counted')
})

t.test('a key over its limit is 429 until its window ends; other keys are not', async (t) => {
  const app = await appWith({ ROSTER_RATE_PER_KEY: '3/1' })
  for (const r of [2, 1, 0]) t.match(standing(await send(app, superuser)).limit, [{ name: 'key', parameters: { r } }])
  const refused = await send(app, `Bearer ${superuser}`, '192.0.2.2')
  isError(t, refused, 429, 'rate_limited', ['key: has at most 3 requests in 1 seconds'])
  t.match(refused.json(), { message: 'Too many requests. Try again later.' })
  t.strictSame(standing(refused).limit, [{ name: 'key', parameters: { r: 0, t: 1 } }])
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await send(app, admin.key)).statusCode, 200)
  t.equal((await send(app, 'rst_x')).statusCode, 401, 'what is no key has no limit of one')
  await new Promise((done) => setTimeout(done, 1000))
  t.equal((await send(app, superuser)).statusCode, 200)
})

t.test('an address over its limit is 429 before its key is looked at, so that keys can’t be guessed', async (t) => {
  const app = await appWith({ ROSTER_RATE_PER_ADDRESS: '5/60' })
  for (let i = 0; i < 5; i++) t.equal((await send(app, `guess-${String(i)}`)).statusCode, 401)
  for (const key of ['guess', superuser, undefined]) {
    isError(t, await send(app, key), 429, 'rate_limited', ['address: has at most 5 requests in 60 seconds'])
  }
  t.equal((await send(app, superuser, '192.0.2.2')).statusCode, 200, 'another address')
})

t.test('of requests at once exactly as many pass as the limit says', async (t) => {
  const app = await appWith({ ROSTER_RATE_PER_KEY: '50/60', ROSTER_RATE_PER_ADDRESS: '80/60' })
  const answers = await Promise.all(Array.from({ length: 100 }, () => send(app, superuser)))
  const count = (status: number, name?: string) =>
    answers.filter((answer) => answer.statusCode === status && (name === undefined || answer.body.includes(`"${name}: `))).length
  t.strictSame([count(200), count(429, 'key'), count(429, 'address')], [50, 30, 20])
})

t.test('a client behind a trusted proxy is counted by what the proxy says, and by nothing else', async (t) => {
  const app = await appWith({ ROSTER_RATE_PER_ADDRESS: '1/60', ROSTER_TRUSTED_PROXIES: '10.0.0.0/8' })
  const from = (peer: string, forwarded: string) => send(app, superuser, peer, { 'x-forwarded-for': forwarded })
  t.equal((await from('10.0.0.1', '203.0.113.1')).statusCode, 200)
  t.equal((await from('10.0.0.1', '203.0.113.2')).statusCode, 200, 'another client of the proxy')
  t.equal((await from('10.0.0.2', '203.0.113.1')).statusCode, 429, 'the same by another proxy')
  t.equal((await from('10.0.0.1', '198.51.100.7, 203.0.113.1')).statusCode, 429, 'what the client forwards itself does not count')
  t.equal((await from('192.0.2.1', '203.0.113.3')).statusCode, 200)
  t.equal((await from('192.0.2.1', '203.0.113.4')).statusCode, 429, 'one that is no trusted proxy can’t make up addresses')
  t.equal((await from('10.0.0.1', 'x'.repeat(8000))).statusCode, 200)
  t.equal((await from('10.0.0.1', 'unknown')).statusCode, 429, 'what is no address counts as the proxy that sent it')
  t.equal((await from('10.0.0.2', 'unknown')).statusCode, 200, 'and not as what another proxy does not know')
  t.equal((await from('10.0.0.1', '203.0.113.8:49152')).statusCode, 200, 'a port does not make it the proxy’s')
  t.equal((await from('10.0.0.1', '203.0.113.9:49152')).statusCode, 200)
  t.equal((await from('10.0.0.1', '203.0.113.9:49153')).statusCode, 429, 'nor another client')
})

t.test('makeCounter: windows begin with the first request and end by the clock', async (t) => {
  let now = 5000
  const count = makeCounter({ requests: 2, seconds: 10 }, () => now)
  t.strictSame(count('a'), { isOver: false, remaining: 1, reset: 10 })
  now += 2500
  t.strictSame(count('a'), { isOver: false, remaining: 0, reset: 8 })
  t.strictSame(count('a'), { isOver: true, remaining: 0, reset: 8 })
  t.strictSame(count('b'), { isOver: false, remaining: 1, reset: 10 })
  now += 7499
  t.strictSame(count('a'), { isOver: true, remaining: 0, reset: 1 }, 'a request that is refused does not prolong it')
  now += 1
  t.strictSame(count('a'), { isOver: false, remaining: 1, reset: 10 })
  t.strictSame(count('b'), { isOver: false, remaining: 0, reset: 3 })
  now += 3600_000
  t.strictSame(count('a'), { isOver: false, remaining: 1, reset: 10 })
})

t.test('makeCounter: it counts a bounded number of clients, forgets first who came first, and stays fast', async (t) => {
  let now = 0
  const count = makeCounter({ requests: 1, seconds: 10 }, () => now, 4)
  for (const client of ['a', 'b', 'c', 'd']) {
    count(client)
    now += 1000
  }
  t.ok(['a', 'b', 'c', 'd'].every((client) => count(client).isOver), 'as many as it counts')
  count('e')
  t.ok(['c', 'd', 'e'].every((client) => count(client).isOver))
  t.notOk(count('a').isOver, 'a was forgotten')
  now += 10_000
  t.notOk(['c', 'd', 'e'].some((client) => count(client).isOver), 'who is not forgotten has a new window in its time')

  const many = makeCounter({ requests: 1, seconds: 3600 }, () => now)
  const before = process.memoryUsage().heapUsed
  const start = process.cpuUsage()
  for (let i = 0; i < 500_000; i++) many(`2001:db8:${String(i)}`)
  const { user } = process.cpuUsage(start)
  const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20
  t.ok(grown < 200, `half a million addresses take ${grown.toFixed(0)} MiB`)
  t.ok(user < 10e6, `and ${(user / 1e6).toFixed(1)} s`)
})
