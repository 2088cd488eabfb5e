import { etagOf, RosterClient, RosterError, type UserCreate } from '../../src/client/index.js'
import { delayMs } from '../../src/client/retry.js'
import { failure, hangUp, refusal, scripted, type ScriptedAnswer, silence } from '../helpers/scripted.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const user: ScriptedAnswer = { status: 200, body: { id: 3 } }
const bob: UserCreate = { username: 'bob', profile: {} }

/** A body that breaks off. */
const torn: ScriptedAnswer = (response) => {
  response.writeHead(200, { 'content-length': 100 })
  response.write('{"id"', () => response.destroy())
}

const idempotent: Record<string, (roster: RosterClient) => Promise<unknown>> = {
  GET: (roster) => roster.getUser(3),
  PUT: (roster) => roster.updateUser(3, bob),
  DELETE: (roster) => roster.deleteUser(3),
  'POST with its key': (roster) => roster.createUser(bob),
}
const others: typeof idempotent = {
  PATCH: (roster) => roster.partialUpdateUser(3, bob),
}
const passing: Record<string, ScriptedAnswer> = {
  429: refusal(429),
  503: refusal(503),
  'a conflict with an earlier try': { status: 409, body: { errors: [], message: 'Not yet.', status: 409, code: 'idempotency_conflict', request_id: 'r-1' } },
  'a page of a proxy, 503': { status: 503, body: '<html>' },
  'a connection that is cut': hangUp,
  'a body that breaks off': torn,
}

for (const [name, answer] of Object.entries(passing)) {
  for (const [method, call] of Object.entries(idempotent)) {
    t.test(`${method} is tried again after ${name}`, async (t) => {
      const { roster, received } = await scripted(t, [answer, answer, user])
      await call(roster)
      t.equal(received.length, 3)
      const sent = received.map(({ request, headers, body }) => JSON.stringify([request, headers['idempotency-key'], body]))
      t.equal(new Set(sent).size, 1, 'the same each time')
    })
  }
  for (const [method, call] of Object.entries(others)) {
    t.test(`${method} is not tried again after ${name}`, async (t) => {
      const { roster, received } = await scripted(t, [answer, user])
      await t.rejects(call(roster), RosterError)
      t.equal(received.length, 1)
    })
  }
}

t.test('each call has a key of its own, or the one that it is given', async (t) => {
  const { roster, received } = await scripted(t, [user])
  for (const idempotencyKey of [undefined, undefined, 'mine', 'a"\\b']) await roster.createUser(bob, { idempotencyKey })
  const [one, another, ...given] = received.map(({ headers }) => headers['idempotency-key'])
  t.match(one, /^"[0-9a-f]{32}"$/)
  t.match(another, /^"[0-9a-f]{32}"$/)
  t.not(one, another)
  t.strictSame(given, ['"mine"', '"a\\"\\\\b"'])
})

t.test('a user as it was answered, or its tag, is what a write may ask for', async (t) => {
  const tagged: ScriptedAnswer = { status: 200, headers: { etag: '"7"' }, body: { id: 3 } }
  const { roster, received } = await scripted(t, [tagged, tagged, tagged, tagged, user])
  const seen = await roster.getUser(3)
  t.equal(etagOf(seen), '"7"')
  t.equal(etagOf({ ...seen }), undefined)
  await roster.updateUser(3, bob, { ifMatch: seen })
  await roster.partialUpdateUser(3, bob, { ifMatch: '"7", "8"' })
  await roster.deleteUser(3, { ifMatch: seen })
  const untagged = await roster.partialUpdateUser(3, bob)
  t.strictSame(received.map(({ headers }) => headers['if-match']), [undefined, '"7"', '"7", "8"', '"7"', undefined])
  for (const ifMatch of [{ ...seen }, untagged]) {
    await t.rejects(roster.partialUpdateUser(3, bob, { ifMatch }), { name: 'TypeError', message: /^ifMatch: / })
  }
  t.equal(received.length, 5, 'nothing is sent unasked')
})

t.test('a try that takes too long is tried again, if it may be', async (t) => {
  const { roster, received } = await scripted(t, [silence, user], { timeoutMs: 250 })
  t.strictSame(await roster.getUser(3), { id: 3 })
  t.equal(received.length, 2)
  const other = await scripted(t, [silence], { timeoutMs: 250 })
  t.match(await failure(other.roster.partialUpdateUser(3, bob)), { name: 'RosterError', status: 0, code: 'timeout', errors: [] })
  t.equal(other.received.length, 1)
})

t.test('the time of a try includes the body', async (t) => {
  const half: ScriptedAnswer = (response) => {
    response.writeHead(200)
    response.write('{')
  }
  const { roster } = await scripted(t, [half], { timeoutMs: 250, tries: 1 })
  t.match(await failure(roster.getUser(3)), { code: 'timeout' })
})

t.test('Infinity is no time limit', async (t) => {
  const { roster } = await scripted(t, [user])
  t.strictSame(await roster.getUser(3, { timeoutMs: Infinity }), { id: 3 })
})

t.test('what does not pass is not tried again', async (t) => {
  for (const status of [400, 401, 403, 404, 409, 412, 422, 500, 502, 504]) {
    const { roster, received } = await scripted(t, [refusal(status), user])
    t.match(await failure(roster.getUser(3)), { status })
    t.equal(received.length, 1)
  }
})

t.test('the tries are counted, and the last failure is told', async (t) => {
  const { roster, received } = await scripted(t, [hangUp, refusal(503)])
  t.match(await failure(roster.getUser(3)), { status: 503, code: 'unavailable', message: 'Not now.', request_id: 'r-1' })
  t.equal(received.length, 4)
  t.match(await failure(roster.getUser(3, { tries: 2 })), { status: 503 })
  t.equal(received.length, 6)
  t.match(await failure(roster.getUser(3, { tries: 1 })), { status: 503 })
  t.equal(received.length, 7)
})

/** Runs with a fixed Math.random; returns the waits between the requests. */
async function waits(random: number, run: () => Promise<{ at: number }[]>): Promise<number[]> {
  const before = Math.random
  Math.random = () => random
  try {
    const received = await run()
    return received.slice(1).map(({ at }, n) => at - received[n]!.at)
  } finally {
    Math.random = before
  }
}

t.test('the wait doubles up to its bound, and is any part of it', async (t) => {
  const settings = { tries: 5, backoffMs: 40, maxBackoffMs: 100, maxRetryAfterMs: 0 }
  const measured = await waits(0.999, async () => {
    const { roster, received } = await scripted(t, [refusal(503)], settings)
    t.match(await failure(roster.getUser(3)), { status: 503 })
    return received
  })
  for (const [n, least] of [40, 80, 100, 100].entries()) t.ok(measured[n]! > least - 5, String(measured))
  // How long at most can't be measured on a busy machine.
  const delays = Array.from({ length: 1000 }, (_, n) => delayMs((n % 3) + 1, 7, settings))
  for (const [n, most] of [40, 80, 100].entries()) {
    const own = delays.filter((_, index) => index % 3 === n)
    t.ok(Math.min(...own) >= 7 && Math.max(...own) < 7 + most, 'after what the server asked for')
    t.ok(Math.min(...own) < 7 + most / 4 && Math.max(...own) > 7 + (most * 3) / 4, 'and all over the time')
  }
})

t.test('Retry-After is waited for', async (t) => {
  const at = (ms: number): string => new Date(Date.now() + ms).toUTCString()
  const run = (header: string, date?: string) =>
    waits(0, async () => {
      const own = date === undefined ? {} : { date }
      const { roster, received } = await scripted(t, [refusal(503, { 'retry-after': header, ...own }), user])
      await roster.getUser(3)
      return received
    })
  const [seconds, date, past, odd] = await Promise.all([run('1'), run(at(2000)), run(at(-60_000)), run('soon')])
  t.ok(seconds[0]! > 990, `seconds: ${String(seconds)}`)
  t.ok(date[0]! > 900, `an HTTP date, which has whole seconds: ${String(date)}`)
  t.ok(past[0]! < 900, `a date gone by: ${String(past)}`)
  t.ok(odd[0]! < 900, `no time at all: ${String(odd)}`)
  const [wrong, none] = await Promise.all([run(at(-3_599_000), at(-3_600_000)), run(at(2000), 'soon')])
  t.ok(wrong[0]! > 900 && wrong[0]! < 2900, `the clock of the server counts: ${String(wrong)}`)
  t.ok(none[0]! > 900, `an answer without its time: ${String(none)}`)
})

t.test('a longer Retry-After than the bound ends the call at once', async (t) => {
  for (const header of ['61', new Date(Date.now() + 90_000).toUTCString()]) {
    const { roster, received } = await scripted(t, [refusal(429, { 'retry-after': header }), user])
    t.match(await failure(roster.getUser(3)), { status: 429 })
    t.equal(received.length, 1)
  }
  const { roster, received } = await scripted(t, [refusal(429, { 'retry-after': '1' }), user], { maxRetryAfterMs: 999 })
  t.match(await failure(roster.getUser(3)), { status: 429 })
  t.equal(received.length, 1)
})

t.test('an abort', async (t) => {
  await t.test('before: nothing is sent', async (t) => {
    const { roster, received } = await scripted(t, [user])
    await t.rejects(roster.getUser(3, { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' })
    t.equal(received.length, 0)
  })
  await t.test('while an answer is awaited: no further try', async (t) => {
    const controller = new AbortController()
    const { roster, received } = await scripted(t, [() => controller.abort(new Error('enough')), user])
    await t.rejects(roster.getUser(3, { signal: controller.signal }), { message: 'enough' })
    t.equal(received.length, 1)
  })
  await t.test('in a wait: ends it at once', async (t) => {
    const { roster, received } = await scripted(t, [refusal(503, { 'retry-after': '50' })])
    const controller = new AbortController()
    const since = performance.now()
    setTimeout(() => controller.abort(), 50)
    await t.rejects(roster.getUser(3, { signal: controller.signal }), { name: 'AbortError' })
    t.ok(performance.now() - since < 10_000)
    t.equal(received.length, 1)
  })
  await t.test('while all users are read', async (t) => {
    const page = { status: 200, body: { count: 9, next: 'http://inside/api/user/?limit=1&offset=1', previous: null, results: [{}] } }
    const { roster } = await scripted(t, [page, silence])
    const controller = new AbortController()
    const users = roster.listAllUsers({}, { signal: controller.signal })
    await users.next()
    controller.abort()
    await t.rejects(users.next(), { name: 'AbortError' })
  })
  await t.test('after: changes nothing', async (t) => {
    const { roster, received } = await scripted(t, [refusal(503), user])
    const controller = new AbortController()
    t.strictSame(await roster.getUser(3, { signal: controller.signal }), { id: 3 })
    controller.abort()
    t.equal(received.length, 2)
  })
})
