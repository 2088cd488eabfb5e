import { buildApp } from '../../src/app.js'
import { makePasswords, type Passwords } from '../../src/auth/passwords.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { freshDatabase, testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** Tries a side. */
const TRIES = 200

/** The medians of two sides may differ by this part of them, in what a loaded machine leaves of exactness. */
const TOLERANCE = 0.05

/** How sure it has to be that the sides differ, in standard deviations of Mann and Whitney's U. */
const SURE = 4

const PASSWORD = 'correct horse battery staple'
// Hashes that cost what they do in earnest.
const { store, db } = await freshDatabase(t)
const config = testConfig(store, { ROSTER_ARGON2_MEMORY_KIB: '19456', ROSTER_ARGON2_PASSES: '2', ROSTER_SIGN_IN_TRIES: '100000' })
const passwords = makePasswords(config)
const acme = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
await createEnterprise(db, 'globex', { username: 'gina', email: '' })
const appWith = (others: Partial<Passwords>) => buildApp(config, { db, passwords: { ...passwords, ...others }, onAnswer: () => undefined })
const app = await appWith({})

for (const user of [{ username: 'carol', password: PASSWORD }, { username: 'ivy', password: PASSWORD, is_active: false }, { username: 'mute' }]) {
  const { statusCode } = await app.inject({
    method: 'POST', url: '/api/user/', headers: { authorization: acme.api_key }, payload: { ...user, profile: {} },
  })
  if (statusCode !== 201) throw new Error(`answered ${String(statusCode)}`)
}

interface Try {
  readonly username?: string
  readonly password?: string
  readonly tenant?: string
  readonly client?: string
}

let networks = 0

/** How long a refusal took, in milliseconds. */
async function timed(server: typeof app, { username = 'carol', password = PASSWORD, tenant = 'acme', client }: Try): Promise<number> {
  const at = networks++
  const start = performance.now()
  const { statusCode } = await server.inject({
    method: 'POST', url: '/api/login/', payload: { username, password },
    headers: { 'x-tenant': tenant, ...(client === undefined ? {} : { 'x-client-id': client }) },
    remoteAddress: `203.${String(at >> 16)}.${String((at >> 8) & 255)}.${String(at & 255)}`,
  })
  const took = performance.now() - start
  if (statusCode !== 401) throw new Error(`answered ${String(statusCode)}`)
  return took
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** How many standard deviations two sides are apart, by the ranks of their values. */
function apart(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, own: true })), ...b.map((value) => ({ value, own: false }))]
  all.sort((one, other) => one.value - other.value)
  const ranks = all.reduce((sum, { own }, at) => sum + (own ? at + 1 : 0), 0)
  const [n, m] = [a.length, b.length]
  const u = ranks - (n * (n + 1)) / 2
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12)
}

/** The two sides in turn, so that what slows the machine slows both. */
async function compare(server: typeof app, one: Try, other: Try): Promise<{ medians: [number, number]; sure: number; differ: boolean }> {
  const sides: [number[], number[]] = [[], []]
  for (let i = -5; i < TRIES; i++) {
    const order = i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
    for (const side of order) {
      const took = await timed(server, side === 0 ? one : other)
      if (i >= 0) sides[side].push(took)
    }
  }
  const medians: [number, number] = [median(sides[0]), median(sides[1])]
  const sure = Math.abs(apart(...sides))
  const difference = Math.abs(medians[0] - medians[1]) / Math.max(...medians)
  return { medians, sure, differ: difference > TOLERANCE && sure > SURE }
}

const told = ({ medians: [a, b], sure }: { medians: [number, number]; sure: number }): string =>
  `${a.toFixed(2)} ms and ${b.toFixed(2)} ms, ${sure.toFixed(1)} standard deviations apart, ${String(TRIES)} tries a side`

const WRONG: Try = { password: 'incorrect horse battery' }

t.test('a refusal takes as long as that of a wrong password', async (t) => {
  const refusals: Record<string, Try> = {
    'an unknown user': { username: 'nobody' },
    'an unknown enterprise': { tenant: 'nowhere' },
    'a user of another enterprise': { username: 'gina' },
    'an unknown client': { client: 'nobody' },
    'an inactive user': { username: 'ivy' },
    'a user without password': { username: 'mute' },
    'an empty password': { password: '' },
  }
  for (const [name, refusal] of Object.entries(refusals)) {
    const result = await compare(app, WRONG, refusal)
    t.notOk(result.differ, `${name}: ${told(result)}`)
  }
})

t.test('a server that compares nothing for an unknown user is found', async (t) => {
  const leaking = await appWith({ verify: async (hash, sent) => hash !== null && passwords.verify(hash, sent) })
  const result = await compare(leaking, WRONG, { username: 'nobody' })
  t.ok(result.differ, told(result))
  await leaking.close()
})

t.teardown(() => app.close())
