import type { FastifyInstance } from 'fastify'
import { operations } from '../../generated/operations.js'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import type { Answer } from '../../src/http/exit-guard.js'
import { testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'
import { fuzz, type Fuzzed } from './fuzz.js'
import { MARKS, makeWorld } from './world.js'

const t = thisFile()

/** Requests of one run, and the seed of all of them; `FUZZ_RUNS` and `FUZZ_SEED` replace them (CONTRIBUTING.md). */
const RUNS = Number(process.env.FUZZ_RUNS || 10_000)
const SEED = Number(process.env.FUZZ_SEED || Date.now() % 2 ** 31)

t.setTimeout(360_000 + 30 * RUNS)
const world = await makeWorld(t)

/** An application on the same directory, with something planted in it. */
async function fuzzed(plant: (app: FastifyInstance) => void = () => undefined): Promise<Fuzzed> {
  const { store, db } = world.directory
  const config = testConfig(store)
  const answers: Answer[] = []
  const app = await buildApp(config, { db, passwords: makePasswords(config), onAnswer: (answer) => answers.push(answer) })
  plant(app)
  t.teardown(() => app.close())
  return { app, world, answers }
}

t.test('no request finds a 5xx, an undeclared answer, or what is not the caller’s', { timeout: 60_000 + 30 * RUNS }, async (t) => {
  const before = process.cpuUsage()
  const { found, requests, tally } = await fuzz(await fuzzed(), { seed: SEED, runs: RUNS })
  const { user, system } = process.cpuUsage(before)
  const seconds = ((user + system) / 1e6).toFixed(1)
  t.comment(`fuzz: FUZZ_SEED=${String(SEED)} FUZZ_RUNS=${String(RUNS)}: ${String(requests)} requests, ${seconds} s of processor`)
  if (found !== undefined) t.comment(found)
  t.equal(found, undefined, `replay it with FUZZ_SEED=${String(SEED)} FUZZ_RUNS=${String(RUNS)}`)
  const count = (id: string, kind: string, statuses: RegExp): number =>
    Object.entries(tally).reduce((sum, [name, n]) => {
      const [operation, its, status = ''] = name.split(' ')
      return operation === id && its === kind && statuses.test(status) ? sum + n : sum
    }, 0)
  // What the contract alone can't tell: a password, or the id of a key.
  const secret = ['login', 'rotateApiKey', 'revokeApiKey']
  // Or it would have tried nothing.
  for (const id of Object.keys(operations)) {
    const least = id === 'createApiKey' ? requests / 500 : requests / 200
    if (!secret.includes(id)) t.ok(count(id, 'valid', /^2/) >= least, `${id} did what it was asked: ${String(count(id, 'valid', /^2/))}`)
    t.ok(count(id, 'other', /^4/) >= requests / 100, `${id} refused: ${String(count(id, 'other', /^4/))}`)
  }
})

const planted: readonly (readonly [string, string, (app: FastifyInstance) => void])[] = [
  ['a handler that throws for some input', 'the server failed', (app) => {
    app.addHook('preHandler', async ({ body, routeOptions: { config } }) => {
      const { last_name = '' } = (body ?? {}) as { last_name?: unknown }
      if (config.operationId === 'createUser' && typeof last_name === 'string' && last_name.length > 100) throw new Error('planted')
    })
  }],
  ['a status that is not declared', 'undeclared: partialUpdateUser: status 409 is not declared', (app) => {
    app.addHook('preHandler', async ({ id, body, routeOptions: { config } }, reply) => {
      if (config.operationId !== 'partialUpdateUser' || (body as { is_active?: boolean } | null)?.is_active !== false) return
      await reply.code(409).send({ errors: ['x'], message: 'x', status: 409, code: 'duplicate', request_id: id })
    })
  }],
  ['a field that is not declared', 'undeclared: body: is not as the contract says', (app) => {
    app.addHook('preHandler', async ({ routeOptions: { config }, caller }, reply) => {
      const push = reply.send.bind(reply)
      if (config.operationId !== 'getUserInfo' || caller?.user.role !== 'Group Viewer') return
      reply.send = (body?: unknown) => push({ ...(body as object), password_hash: null })
    })
  }],
  ['a user of another enterprise that is shown', 'it shows something of another enterprise', (app) => {
    app.addHook('onSend', async ({ routeOptions: { config }, params }, reply, payload) => {
      const stranger = String(world.idOf('stranger', 'superuser', 1))
      if (config.operationId !== 'getUser' || String((params as { user_id: unknown }).user_id) !== stranger) return payload
      reply.code(200).removeHeader('content-length')
      return JSON.stringify({ username: MARKS.globex })
    })
  }],
  ['a body that is not looked at', 'it was not refused: the body is not as declared', (app) => {
    app.addHook('preHandler', async (request) => {
      if (request.routeOptions.config.operationId !== 'partialUpdateUser' || request.validationError === undefined) return
      Object.assign(request, { validationError: undefined, body: {} })
    })
  }],
  ['an error that repeats what was sent', 'the error repeats what was sent', (app) => {
    app.addHook('onSend', async (request, reply, payload) =>
      reply.statusCode === 404 ? String(payload).replace('"errors":["', `"errors":["${request.url.slice(0, 200)} `) : payload)
  }],
  ['an expired key that is taken', 'it was not refused: the key is expired', (app) => {
    app.addHook('onRequest', async ({ headers, method, url }) => {
      if (method === 'GET' && url.startsWith('/api/user/') && headers.authorization === `Bearer ${String(world.keys.expired)}`) headers.authorization = `Bearer ${String(world.keys.admin)}`
    })
  }],
  ['a valid request that is refused', 'the contract allows the request', (app) => {
    app.addHook('preHandler', async ({ query, id, routeOptions: { config } }, reply) => {
      if (config.operationId !== 'listUsers' || (query as { limit?: number }).limit !== 1000) return
      await reply.code(400).send({ errors: ['x'], message: 'x', status: 400, code: 'validation_failed', request_id: id })
    })
  }],
]

t.test('what is planted is found', { timeout: 300_000 }, async (t) => {
  for (const [what, expected, plant] of planted) {
    const { found = 'nothing', requests } = await fuzz(await fuzzed(plant), { seed: SEED, runs: 10_000 })
    t.ok(found.startsWith(expected), `${what}, after ${String(requests)} requests: ${found.slice(0, 300)}`)
  }
})
