import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { User } from '../../src/users/user.js'
import { text, username } from '../helpers/arbitraries.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { call, create, db, superuser: key, acme } = await makeDirectory(t)
let user = await create({ username: 'mona', email: 'mona@acme.example' })
const path = `/user/${String(user.id)}/`
const read = async () => (await call(`GET ${path}`, { key })).json<User>()

const word = fc.stringMatching(/^[a-zA-Z0-9]{1,20}$/)
const validProfile = {
  role: fc.constantFrom('Enterprise Admin', 'Viewer', 'Group Admin', 'Group Viewer'),
  groups: fc.array(fc.oneof(text(64, 1), fc.constantFrom('a', 'b')), { maxLength: 210, size: 'medium' }),
  authz_role_id: fc.oneof(text(255), fc.constant(null)),
  enterprise: fc.constantFrom(acme.enterprise, acme.enterprise.toUpperCase()),
}
const valid = {
  // No other user of this directory has three spaces in its name.
  username: username.map((name) => `${Array.from(name).slice(0, 145).join('')}   m`).filter((name) => !/^\s/.test(name)),
  first_name: text(150),
  last_name: text(150),
  email: fc.oneof(fc.constant(''), fc.tuple(word, word).map(([local, host]) => `${local}@${host}.example`)),
  is_active: fc.boolean(),
  // Read-only and unknown fields are ignored, whatever they hold.
  is_staff: fc.anything(),
  is_superuser: fc.constant(true),
  id: fc.integer(),
  token: fc.string(),
  is_customer: fc.boolean(),
}
const profile = fc.record(validProfile, { requiredKeys: [] }).filter(({ groups }) => new Set(groups).size <= 200)
const patch = fc.record({ ...valid, profile }, { requiredKeys: [] })
const put = fc.record({ ...valid, profile }, { requiredKeys: ['username', 'profile'] })
const change = fc.oneof(
  fc.record({ method: fc.constant('PATCH'), body: patch }),
  fc.record({ method: fc.constant('PUT'), body: put }),
)
type Body = Partial<Omit<User, 'profile'>> & { profile?: Partial<User['profile']> }

/** The user after a change, as the contract says it; `updated_on` stays as it was. */
function changed(before: User, { profile = {}, ...body }: Body): User {
  const given = <T>(value: T | undefined, now: T): T => (value === undefined ? now : value)
  const first_name = given(body.first_name, before.first_name)
  const last_name = given(body.last_name, before.last_name)
  const email = given(body.email, before.email)
  const role = given(profile.role, before.profile.role)
  return {
    ...before,
    username: given(body.username, before.username),
    email,
    first_name,
    last_name,
    full_name: `${first_name} ${last_name}`.trim(),
    is_active: given(body.is_active, before.is_active),
    is_staff: role === 'Enterprise Admin',
    is_email_verified: before.is_email_verified && email === before.email,
    profile: {
      ...before.profile,
      role,
      groups: [...new Set(given(profile.groups, before.profile.groups))],
      authz_role_id: given(profile.authz_role_id, before.profile.authz_role_id),
    },
  }
}

t.test('an answer is the user before with what the body gives; absent fields keep their values', async () => {
  await db.updateTable('user_account').set({ is_email_verified: true }).where('id', '=', user.id).execute()
  user = await read()
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      for (const { method, body } of changes as { method: string; body: Body }[]) {
        const answer = await call(`${method} ${path}`, { key, json: body })
        assert.equal(answer.statusCode, 200)
        const now = answer.json<User>()
        const model = changed(user, body)
        const isSame = isDeepStrictEqual(model, user)
        const { updated_on } = now.profile
        assert.deepEqual(now, { ...model, profile: { ...model.profile, updated_on } })
        assert(isSame ? updated_on === user.profile.updated_on : updated_on > user.profile.updated_on, 'updated_on')
        assert.deepEqual(await read(), now)
        user = now
      }
    }),
    { numRuns: 40 },
  )
})

t.test('the user as read may be sent back, as a whole or in parts, and changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(patch, fc.subarray(Object.keys(user)), async (body, parts) => {
      user = (await call(`PATCH ${path}`, { key, json: body })).json<User>()
      const some = Object.fromEntries(Object.entries(user).filter(([name]) => parts.includes(name)))
      for (const [method, same] of [['PUT', user], ['PATCH', user], ['PATCH', some], ['PATCH', {}]] as const) {
        const answer = await call(`${method} ${path}`, { key, json: same })
        assert.deepEqual([answer.statusCode, answer.json()], [200, user])
      }
    }),
    { numRuns: 15 },
  )
})

t.test('one wrong value is 400 and changes nothing, whatever else the body gives', async () => {
  user = await read()
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  const noText = fc.oneof(number, fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}), fc.constant(['x']))
  const noList = fc.oneof(number, fc.boolean(), fc.constant(null), fc.constant({}), fc.string())
  const control = fc.tuple(text(10), fc.constantFrom('\0', '\n', '\x9f', '\ud800'), text(10)).map((parts) => parts.join(''))
  const wrong: Record<string, fc.Arbitrary<unknown>> = {
    username: fc.oneof(noText, control, fc.constant('')),
    first_name: fc.oneof(noText, control, text(200, 151)),
    last_name: fc.oneof(noText, control, text(200, 151)),
    email: fc.oneof(noText, control, word, word.map((name) => `${name}@`)),
    password: fc.oneof(noText, control, fc.stringMatching(/^[a-z]{1,7}$/), fc.constant('x'.repeat(1025))),
    is_active: fc.oneof(number, fc.string(), fc.constant(null), fc.constantFrom('true', 'false', '')),
    profile: fc.oneof(noList.filter((value) => !isDeepStrictEqual(value, {})), fc.constant([])),
  }
  const wrongInProfile: Record<string, fc.Arbitrary<unknown>> = {
    role: fc.oneof(noText, fc.string(), fc.constantFrom('viewer', '')),
    groups: fc.oneof(
      noList,
      fc.array(fc.oneof(noText, fc.constant(''), control), { minLength: 1 }),
      fc.uniqueArray(text(8, 4), { minLength: 201, maxLength: 220, size: 'max' }),
    ),
    authz_role_id: fc.oneof(noText.filter((value) => value !== null), control, text(300, 256)),
    enterprise: fc.oneof(noText, fc.string(), fc.uuid()),
  }
  const fault = fc.oneof(
    ...Object.entries(wrong).map(([name, value]) => value.map((one) => (body: Body) => ({ ...body, [name]: one }))),
    ...Object.entries(wrongInProfile).map(([name, value]) =>
      value.map((one) => (body: Body) => ({ ...body, profile: { ...body.profile, [name]: one } })),
    ),
  )
  await fc.assert(
    fc.asyncProperty(change, fault, async ({ method, body }, spoil) => {
      const json = spoil(body as Body)
      const answer = await call(`${method} ${path}`, { key, json })
      assert.equal(answer.statusCode, 400)
      assert.deepEqual(await read(), user)
    }),
    { numRuns: 100 },
  )
})
