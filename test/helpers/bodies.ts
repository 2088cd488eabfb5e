import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { ErrorBody } from '../../src/http/problems.js'
import type { User } from '../../src/users/user.js'
import { type Call, isError } from './directory.js'

/** Sends a body to one operation, with a key that may call it. */
export type Send = (call: Call) => Promise<LightMyRequestResponse>

type Fields = Readonly<Record<string, unknown>>
type Broken = readonly [fields: Fields, error: string, code?: ErrorBody['code']]

/** `length` different groups. */
export const groups = (length: number): string[] => Array.from({ length }, (_, index) => `group-${String(index)}`)

const USERNAME = 'username: must have no control, format, separator or invisible characters, and no white space at its ends'
const EMAIL = 'email: must be a valid e-mail address, or empty'
const LENGTH = 'password: must have 8 to 1024 characters'
const CONTROL = 'must have no control characters'
const ROLE = 'profile.role: must be one of Enterprise Admin, Viewer, Group Admin, Group Viewer'
const NAMELESS = 'password: must not be the name or the address'

const one = (error: string, code: ErrorBody['code'], fields: readonly Fields[]): Broken[] =>
  fields.map((field) => [field, error, code])
const profiles = (error: string, fields: readonly Fields[]): Broken[] =>
  one(error, 'validation_failed', fields.map((profile) => ({ profile })))

const controlled = [
  ...['long enough\u0000', 'long\nenough', 'long enough\u007f', 'long\u0085enough'],
  ...['\ud800 long enough', 'long enough \udc00'],
]

/** Each is a fault that needs no stored data, alone. */
const broken: readonly Broken[] = [
  // Only authz_role_id may be null.
  ...['username', 'password', 'first_name', 'last_name', 'is_active', 'email', 'profile'].map(
    (field): Broken => [{ [field]: null }, `${field}: must not be null`],
  ),
  ...['groups', 'enterprise'].map(
    (field): Broken => [{ profile: { [field]: null } }, `profile.${field}: must not be null`],
  ),
  ...['username', 'password', 'first_name', 'last_name', 'email'].flatMap((field): Broken[] => [
    [{ [field]: 12345678 }, `${field}: must be a string`],
    [{ [field]: ['x'] }, `${field}: must be a string`],
    // Lone surrogates, as the escapes that JSON has for them.
    ...(field === 'username' || field === 'email' ? [] : controlled).map((value): Broken => [{ [field]: value }, `${field}: ${CONTROL}`]),
  ]),
  ...one(USERNAME, 'validation_failed', [
    ...['nul\u0000l', 'tab\tbed', 'c1\u0080', 'soft\u00adhyphen', 'joi\u200dner', 'bidi\u202e', 'mark\ufeff', 'tag\u{e0041}'],
    ...['line\u2028s', 'para\u2029graph', 'high\ud800', '\udc00low', ' before', 'after ', '\u3000wide', 'nbsp\u00a0', ' '],
  ].map((username) => ({ username }))),
  ...one('username: must have 1 to 150 characters', 'validation_failed', [
    ...['', 'a'.repeat(151), '😀'.repeat(151)],
  ].map((username) => ({ username }))),
  [{ first_name: '😀'.repeat(151) }, 'first_name: must have 0 to 150 characters'],
  [{ last_name: 'a'.repeat(151) }, 'last_name: must have 0 to 150 characters'],
  ...one(EMAIL, 'validation_failed', [
    ...['nobody', '@b', 'a@', 'a b@c', ' a@b', 'a@b ', 'a@b\n', 'a@b\u0000', 'ü@b', 'a@ü', 'a@b@c'],
    ...['a@b..c', 'a@.b', 'a@b.', 'a@-b', 'a@b-', 'a@b_c', '"a"@b', 'a@[127.0.0.1]', `a@${'b'.repeat(64)}`, 'a@\ud800', ' '],
  ].map((email) => ({ email }))),
  [{ email: `${'a'.repeat(253)}@b` }, 'email: must have 0 to 254 characters'],
  ...one('is_active: must be a boolean', 'validation_failed', ['true', '', 1, 0, []].map((is_active) => ({ is_active }))),
  ...one('profile: must be an object', 'validation_failed', ['', 'Viewer', 1, true, []].map((profile) => ({ profile }))),
  ...profiles(ROLE, ['Owner', 'viewer', '', 'Viewer '].map((role) => ({ role }))),
  ...profiles('profile.groups: must be an array', ['', 'a', {}].map((groups) => ({ groups }))),
  ...profiles('profile.groups.1: must be a string', [1, ['b']].map((group) => ({ groups: ['a', group] }))),
  ...profiles('profile.groups.0: must not be null', [{ groups: [null] }]),
  ...profiles('profile.groups.0: must have 1 to 64 characters', ['', 'a'.repeat(65)].map((group) => ({ groups: [group] }))),
  ...profiles(`profile.groups.0: ${CONTROL}`, ['a\u0000', 'a\ud800', '\u009f'].map((group) => ({ groups: [group] }))),
  ...profiles('profile.groups: must have at most 200 different items', [{ groups: groups(201) }]),
  ...profiles('profile.authz_role_id: must be a string', [1, {}].map((authz_role_id) => ({ authz_role_id }))),
  ...profiles(`profile.authz_role_id: ${CONTROL}`, ['a\n', '\udfff'].map((authz_role_id) => ({ authz_role_id }))),
  ...profiles("profile.enterprise: must be the caller's own", [{ enterprise: '00000000-0000-4000-8000-000000000000' }]),
  // The lengths that count are those after NFKC: seven, and 1,026.
  ...one(LENGTH, 'validation_failed', [
    ...['1234567', '😀'.repeat(7), 'abcdefe\u0301', 'a'.repeat(1025), 'ﬃ'.repeat(342)],
  ].map((password) => ({ password }))),
  ...one('password: is one of the most common ones', 'weak_password', [
    ...['password', 'PassWord', '12345678', '１２３４５６７８'],
  ].map((password) => ({ password }))),
  ...one(NAMELESS, 'weak_password', [
    { username: 'somebody-new', password: 'SomeBody-New' },
    { username: 'straße-acme', password: 'STRASSE-ACME' },
    { email: 'mail-new@b.example', password: 'MAIL-new@b.example' },
    { email: 'mail-local-part@b.example', password: 'mail-LOCAL-part' },
  ]),
]

/** Bodies that are none, or no object. */
const unreadable: readonly (readonly [payload: string | Buffer, error: string, code?: ErrorBody['code']])[] = [
  ['', 'body: is required'],
  ['null', 'body: must not be null'],
  ...['[]', '"x"', '1', 'true', '[{"username":"x","profile":{}}]'].map((text) => [text, 'body: must be an object'] as const),
  ...['{', '{} x', "{'a':1}", '{"username":"a\nb"}', ' '].map(
    (text) => [text, 'body: is not valid JSON', 'malformed_json'] as const,
  ),
  [Buffer.from('{"username":"\xff","profile":{}}', 'latin1'), 'body: is not UTF-8', 'malformed_json'],
  [nested(21), 'body: must not be nested deeper than 20', 'malformed_json'],
]

/** A JSON object of so many levels. */
export function nested(levels: number): string {
  return `{"username":"nested","profile":{},"unknown":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
}

/** A JSON object of so many bytes. */
export function sized(bytes: number, body: Fields = {}): string {
  return JSON.stringify(body).padEnd(bytes)
}

const jsonType = { 'content-type': 'application/json' }

/**
 * 400: asserts that every body that breaks the contract, whatever is stored, is refused for its own fault alone; and that
 * all faults of a body come together.
 */
export async function refusesBrokenBodies(t: Test, send: Send, stranger: string): Promise<void> {
  const base = { username: 'somebody', profile: {} }
  await t.test('a body that is none', async (t) => {
    for (const [payload, error, code = 'validation_failed'] of unreadable) {
      isError(t, await send({ payload, headers: jsonType }), 400, code, [error])
    }
  })
  await t.test('one broken field', async (t) => {
    for (const [fields, error, code = 'validation_failed'] of broken) {
      isError(t, await send({ json: { ...base, ...fields } }), 400, code, [error])
    }
    const answer = await send({ json: { ...base, profile: { enterprise: stranger } } })
    isError(t, answer, 400, 'validation_failed', ["profile.enterprise: must be the caller's own"])
  })
  await t.test('one fault is one string', async (t) => {
    for (const [role, error] of [[null, 'must not be null'], [1, 'must be a string']] as const) {
      const answer = await send({ json: { ...base, profile: { role } } })
      isError(t, answer, 400, 'validation_failed', [`profile.role: ${error}`])
    }
  })
  await t.test('a password far over the limit', async (t) => {
    isError(t, await send({ json: { ...base, password: 'a'.repeat(4097) } }), 400, 'validation_failed', [LENGTH])
  })
  await t.test('all faults that need no stored data, together and without what was sent', async (t) => {
    const sent = { username: '<sent>\u0000', first_name: 1, is_active: '<sent>', email: '<sent>', password: '<sent>' }
    const answer = await send({
      json: { ...sent, profile: { role: '<sent>', groups: ['fine', ''], enterprise: stranger }, '<sent>': '<sent>' },
    })
    isError(t, answer, 400, 'validation_failed')
    t.strictSame(answer.json<ErrorBody>().errors.toSorted(), [
      EMAIL,
      'first_name: must be a string',
      'is_active: must be a boolean',
      LENGTH,
      "profile.enterprise: must be the caller's own",
      'profile.groups.1: must have 1 to 64 characters',
      ROLE,
      USERNAME,
    ])
    t.notMatch(answer.body, '<sent>')
  })
  await t.test('faults of two kinds have the code of the contract', async (t) => {
    const answer = await send({ json: { ...base, first_name: null, password: 'password' } })
    isError(t, answer, 400, 'validation_failed', [
      'first_name: must not be null',
      'password: is one of the most common ones',
    ])
  })
  await t.test('more than a hundred faults are counted', async (t) => {
    const answer = await send({ json: { ...base, profile: { groups: Array<string>(103).fill('') } } })
    isError(t, answer, 400, 'validation_failed')
    t.equal(answer.json<ErrorBody>().errors.length, 101)
    t.equal(answer.json<ErrorBody>().errors.at(-1), 'and 3 more')
    const profile = { groups: Array<string>(103).fill(''), enterprise: stranger }
    isError(t, await send({ json: { ...base, password: 'short', profile } }), 400, 'validation_failed')
  })
}

/** 413: asserts the limit of 262,144 bytes, which is looked at before type and syntax. */
export async function refusesLargeBodies(t: Test, send: Send): Promise<void> {
  for (const headers of [jsonType, { 'content-type': 'text/plain' }, {}]) {
    const answer = await send({ payload: '{'.padEnd(262_145), headers })
    isError(t, answer, 413, 'payload_too_large', ['body: must have at most 262144 bytes'])
  }
  isError(t, await send({ payload: sized(262_144, { username: '' }), headers: jsonType }), 400, 'validation_failed')
}

/** 415: asserts the types that are refused, before syntax is looked at. */
export async function refusesOtherTypes(t: Test, send: Send): Promise<void> {
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp']
  for (const type of [...types, 'application/json; charset=latin1', 'application/json, text/plain', '*/*', 'json', '']) {
    const answer = await send({ payload: '{', headers: { 'content-type': type } })
    isError(t, answer, 415, 'unsupported_media_type', ['Content-Type: must be application/json'])
  }
  isError(t, await send({ payload: '{}' }), 415, 'unsupported_media_type', ['Content-Type: must be application/json'])
  const packed = await send({ payload: '{}', headers: { ...jsonType, 'content-encoding': 'gzip' } })
  isError(t, packed, 415, 'unsupported_media_type', ['Content-Encoding: must be identity'])
}

/** Values at the edge of what is allowed, each with how it is answered. */
export const allowed: readonly (readonly [fields: Fields, expected: Partial<User>])[] = [
  ...[
    ...['a', '1', 'a'.repeat(150), '😀'.repeat(150), 'in between', 'Ünï çødé', '../..', '<b>&amp;', "'; drop table x; --"],
    ...['constructor', '__proto__', 'null', '%00', '\\u0000', '\u{20000}', 'a\u0301', 'ﷺ'.repeat(150)],
  ].map((username) => [{ username }, { username }] as const),
  ...[
    ...['', 'a@b', `a@${'b'.repeat(63)}`, `${'a'.repeat(252)}@b`, "!#$%&'*+/=?^_`{|}~-@x", '.a..b.@c', 'a@b-c.d', '1@2.3'],
  ].map((email) => [{ email }, { email }] as const),
  ...['', ' ', '😀'.repeat(150), '👩‍👩‍👧', 'line\u2028', 'null'].map(
    (first_name) => [{ first_name, last_name: '' }, { first_name, full_name: first_name.trim() }] as const,
  ),
  [{ first_name: ' A ', last_name: ' B ' }, { full_name: 'A   B' }],
  [{ first_name: '', last_name: 'B' }, { full_name: 'B' }],
  [{ is_active: false }, { is_active: false }],
  [{ is_active: true }, { is_active: true }],
]

/** The same inside `profile`. */
export const allowedProfiles: readonly (readonly [fields: Fields, expected: Partial<User['profile']>])[] = [
  ...(['Enterprise Admin', 'Viewer', 'Group Admin', 'Group Viewer'] as const).map(
    (role) => [{ role }, { role }] as const,
  ),
  ...[groups(200), ['a'.repeat(64), '😀'.repeat(64), ' ', ',', '{}', '"', '\\', 'null', 'NULL', 'a', 'A'], []].map(
    (groups) => [{ groups }, { groups }] as const,
  ),
  [{ groups: ['b', 'a', 'b', 'c', 'a'] }, { groups: ['b', 'a', 'c'] }],
  [{ groups: [...groups(200), ...groups(200)] }, { groups: groups(200) }],
  ...['', 'x'.repeat(255), '😀'.repeat(255), null].map((authz_role_id) => [{ authz_role_id }, { authz_role_id }] as const),
]

/** Passwords at the edge of what is allowed: 8 and 1,024 code points after NFKC. */
export const allowedPasswords: readonly string[] = [
  ...['xk3-vq9z', '😀'.repeat(8), 'e\u0301'.repeat(8), 'ﬃ'.repeat(3), 'é'.repeat(1024), 'e\u0301'.repeat(1024)],
  '😀'.repeat(1024),
]
