import { setTimeout as wait } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { LightMyRequestResponse } from 'fastify'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { revokeKey } from '../../src/auth/made-keys.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import type { ErrorBody } from '../../src/http/problems.js'
import type { User } from '../../src/users/user.js'
import type { Call } from '../helpers/directory.js'
import { storedHash } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'
import { makeTarget, stored } from './world.js'

const t = thisFile()

const target = await makeTarget(t)
const { call, create, keyOf, db, acme, globex, superuser, admin, viewer, lines } = target

const SECRET = 'hunter2-hunter3-hunter4'
const bob = await create({ username: 'bob', email: 'bob@acme.example', password: SECRET })
await create({ username: 'ina' })
const acmeRow = (await findEnterprise(db, 'acme'))!
const [expired, revoked, inactive] = [await keyOf('vera'), await keyOf('vera'), await keyOf('ina')]
await db.updateTable('api_key').set({ expires_on: new Date() }).where('hash', '=', storedHash(expired)).execute()
await revokeKey(db, acmeRow, parseKey(revoked)!.prefix)
await db.updateTable('user_account').set({ is_active: false }).where('username', '=', 'ina').execute()

const self = `/user/${String(viewer.id)}/`
const own = `/user/${String(admin.id)}/`
const owner = `/user/${String(acme.user_id)}/`
const other = `/user/${String(bob.id)}/`
const strange = `/user/${String(globex.user_id)}/`
const [, number = '', secret = '', sum = ''] = superuser.split('_')
const signed = (body: string): string => `${body}_${crc32(body).toString(36).padStart(7, '0')}`

type Check = (answer: LightMyRequestResponse) => boolean
/** What is sent, how it must be answered, and what else must hold. Nothing stored changes, but where `check` is of a write. */
type Row = readonly [name: string, request: string, call: Call, status: number, code?: ErrorBody['code'] | undefined, check?: Check]

let made = 0
const name = (): string => `made-${String(++made)}`
const body = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({ username: name(), profile: {}, ...fields })
const raw = (payload: string | Buffer, headers: Record<string, string> = {}): Call => ({ key: superuser, payload, headers })
const user = (answer: LightMyRequestResponse): User => answer.json()
const count = (n: number): Check => (answer) => answer.json<{ count: number }>().count === n

const massAssignment: Row[] = [
  ['a viewer makes itself a superuser', `PATCH ${self}`, { key: viewer.key, json: { is_superuser: true } }, 200, undefined, (a) => !user(a).is_superuser],
  ['a viewer makes itself staff', `PATCH ${self}`, { key: viewer.key, json: { is_staff: true } }, 200, undefined, (a) => !user(a).is_staff],
  ['a viewer gives itself a role', `PATCH ${self}`, { key: viewer.key, json: { profile: { role: 'Enterprise Admin' } } }, 403, 'forbidden'],
  ['a viewer gives itself a role by PUT', `PUT ${self}`, { key: viewer.key, json: { username: 'vera', profile: { role: 'Enterprise Admin' } } }, 403, 'forbidden'],
  ['a viewer gives itself groups', `PATCH ${self}`, { key: viewer.key, json: { profile: { groups: ['root'] } } }, 403, 'forbidden'],
  ['a viewer gives itself a role elsewhere', `PATCH ${self}`, { key: viewer.key, json: { profile: { authz_role_id: 'root' } } }, 403, 'forbidden'],
  ['a viewer takes another address', `PATCH ${self}`, { key: viewer.key, json: { email: 'root@acme.example' } }, 403, 'forbidden'],
  ['a viewer takes another name', `PATCH ${self}`, { key: viewer.key, json: { username: 'root' } }, 403, 'forbidden'],
  ['a viewer hides among allowed fields', `PATCH ${self}`, { key: viewer.key, json: { first_name: 'x', is_active: false } }, 403, 'forbidden'],
  ['a viewer moves to another id', `PATCH ${self}`, { key: viewer.key, json: { id: acme.user_id } }, 200, undefined, (a) => user(a).id === viewer.id],
  ['a viewer calls its address verified', `PATCH ${self}`, { key: viewer.key, json: { is_email_verified: true, last_login: '2020-01-01T00:00:00Z' } }, 200, undefined, (a) => !user(a).is_email_verified],
  ['a viewer sets columns of the store', `PATCH ${self}`, { key: viewer.key, json: { enterprise_id: 1, password_hash: 'x', username_key: 'x', role: 'Enterprise Admin' } }, 200],
  ['a user that is made a superuser', 'POST /user/', { key: admin.key, json: body({ is_superuser: true, id: 1, token: 'x', is_staff: true }) }, 201, undefined, (a) => !user(a).is_superuser && user(a).id !== 1 && user(a).token === null],
  ['a user of another enterprise', 'POST /user/', { key: superuser, json: body({ profile: { enterprise: globex.enterprise } }) }, 400, 'validation_failed'],
  ['a user moved to another enterprise', `PATCH ${other}`, { key: superuser, json: { profile: { enterprise: globex.enterprise } } }, 400, 'validation_failed'],
  ['an admin who demotes itself', `PATCH ${own}`, { key: admin.key, json: { profile: { role: 'Viewer' } } }, 403, 'forbidden'],
  ['an owner who deactivates itself', `PATCH ${owner}`, { key: superuser, json: { is_active: false } }, 403, 'forbidden'],
  ['an admin takes the owner’s address', `PATCH ${owner}`, { key: admin.key, json: { email: 'adam2@acme.example' } }, 403, 'forbidden'],
  ['an admin sets the owner’s password', `PATCH ${owner}`, { key: admin.key, json: { password: SECRET } }, 403, 'forbidden'],
  ['an admin deactivates the owner', `PUT ${owner}`, { key: admin.key, json: { username: 'alice', profile: {}, is_active: false } }, 403, 'forbidden'],
  ['an admin deletes the owner', `DELETE ${owner}`, { key: admin.key }, 403, 'forbidden'],
  ['an owner deletes itself', `DELETE ${owner}`, { key: superuser }, 403, 'forbidden'],
]

/** A name as it may stand in a report: some characters of the table end a line. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

const json = { username: 'bob', profile: {}, first_name: 'pwned' }
const objects: Row[] = [
  ...([['an admin', own], ['the owner', owner], ['a member', other], ['a stranger', strange], ['nobody', '/user/9007199254740991/']] as const).flatMap(([whom, path]): Row[] => [
    [`a viewer reads ${whom}`, `GET ${path}`, { key: viewer.key }, 404, 'not_found'],
    [`a viewer replaces ${whom}`, `PUT ${path}`, { key: viewer.key, json }, 403, 'forbidden'],
    [`a viewer changes ${whom}`, `PATCH ${path}`, { key: viewer.key, json }, 403, 'forbidden'],
    [`a viewer deletes ${whom}`, `DELETE ${path}`, { key: viewer.key }, 403, 'forbidden'],
  ]),
  ...([['an admin', admin.key, strange], ['an owner', superuser, strange], ['the owner of another enterprise', globex.api_key, other]] as const).flatMap(([who, key, path]): Row[] => [
    [`${who} reads a stranger`, `GET ${path}`, { key }, 404, 'not_found'],
    [`${who} replaces a stranger`, `PUT ${path}`, { key, json }, 404, 'not_found'],
    [`${who} changes a stranger`, `PATCH ${path}`, { key, json }, 404, 'not_found'],
    [`${who} deletes a stranger`, `DELETE ${path}`, { key }, 404, 'not_found'],
  ]),
  ['a viewer makes a user', 'POST /user/', { key: viewer.key, json: body() }, 403, 'forbidden'],
  ['a viewer deletes itself', `DELETE ${self}`, { key: viewer.key }, 403, 'forbidden'],
  ['a viewer lists all', 'GET /user/?limit=1000', { key: viewer.key }, 200, undefined, count(1)],
  ['a viewer looks for the owner’s name', 'GET /user/?username=alice', { key: viewer.key }, 200, undefined, count(0)],
  ['a viewer looks for the owner’s address', 'GET /user/?email=alice@acme.example', { key: viewer.key }, 200, undefined, count(0)],
  ['an owner looks for a stranger', 'GET /user/?username=gina', { key: superuser }, 200, undefined, count(0)],
  ['another enterprise by a header', 'GET /user_info/', { key: superuser, headers: { 'x-tenant': 'globex' } }, 401, 'invalid_credentials'],
  ['another enterprise by a parameter', `GET ${strange}?enterprise=${globex.enterprise}&tenant=globex`, { key: superuser }, 404, 'not_found'],
]

const authorization = (value: string): Call => ({ headers: { authorization: value } })
const keys: Row[] = [
  ...Object.entries({
    'a typo in the secret': `rst_${number}_${secret.startsWith('a') ? 'b' : 'a'}${secret.slice(1)}_${sum}`,
    'a typo in the sum': `rst_${number}_${secret}_${sum.startsWith('0') ? '1' : '0'}${sum.slice(1)}`,
    'a key cut off': superuser.slice(0, -1),
    'a prefix alone': parseKey(superuser)!.prefix,
    'a key that goes on': `${superuser}0`,
    'a key in upper case': superuser.toUpperCase(),
    'the number of another enterprise': signed(`rst_${String(globex.api_key.split('_')[1])}_${secret}`),
    'the secret with a sum of its own': signed(`rst_${number}_${secret.toLowerCase()}`),
    'a number padded with zeros': signed(`rst_00${number}_${secret}`),
    'a negative number': signed(`rst_-1_${secret}`),
    'a number over all': signed(`rst_zzzzzzzzzz_${secret}`),
    'a key of nobody': makeKey(acmeRow.id).key,
    'an expired key': expired,
    'a revoked key': revoked,
    'the key of an inactive user': inactive,
    'SQL': "' or '1'='1",
    'a pattern': 'rst_%_%_%',
    'the hash instead of the key': parseKey(superuser)!.hash,
    'an unsigned JWT': 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.',
    'Basic': `Basic ${Buffer.from('alice:x').toString('base64')}`,
    'Digest': 'Digest username="alice"',
    'Bearer twice': `Bearer Bearer ${superuser}`,
    'two keys in one': `${viewer.key},${superuser}`,
    'a key in quotes': `"${superuser}"`,
    'a key in percents': encodeURIComponent(superuser).replaceAll('_', '%5F'),
    'much of it': 'rst_'.repeat(2000),
  }).map(([what, value]): Row => [`key: ${what}`, 'GET /user/', authorization(value), 401, 'invalid_credentials']),
  ...Object.entries<Call>({
    'nowhere': {},
    'in X-Api-Key': { headers: { 'x-api-key': superuser } },
    'in a cookie': { headers: { cookie: `Authorization=${superuser}` } },
    'in Proxy-Authorization': { headers: { 'proxy-authorization': superuser } },
    'in X-Forwarded-User': { headers: { 'x-forwarded-user': 'alice', 'x-remote-user': 'alice' } },
    'in the body': { payload: JSON.stringify({ authorization: superuser }) },
  }).map(([what, sent]): Row => [`key: ${what}`, 'GET /user/', sent, 401, 'not_authenticated']),
  ['key: in the query', `GET /user/?authorization=${superuser}&api_key=${superuser}&access_token=${superuser}`, {}, 401, 'not_authenticated'],
]

const ids: Row[] = [
  ...['0', '-1', '+1', '01', '1.0', '1e0', '0x1', '1n', '٣', '１', '9007199254740992', '18446744073709551617', '9'.repeat(2000)],
  ...['null', 'NaN', 'me', 'self', '*', '1,2', '1;2', '1%20', '%201', '1%00', '1%0a', '1%2f', "1'", '1%22--', '%00', '%C0%AF', '%u0031', '{user_id}'],
].flatMap((id): Row[] => [
  [`id ${id.slice(0, 30)}: read`, `GET /user/${id}/`, { key: superuser }, 404, 'not_found'],
  [`id ${id.slice(0, 30)}: deleted`, `DELETE /user/${id}/`, { key: superuser }, 404, 'not_found'],
])

const injections: Row[] = [
  ...["' or 1=1 --", "alice'/*", '%', '_lice', 'alice" --', "alice'; delete from user_account; --", "' union select password_hash from user_account --", '${7*7}', '*)(uid=*'].map(
    (text): Row => [`a filter: ${text}`, `GET /user/?username=${encodeURIComponent(text)}`, { key: superuser }, 200, undefined, count(0)],
  ),
  ['a filter with NUL', 'GET /user/?username=alice%00', { key: superuser }, 400, 'validation_failed'],
  ['an operator as a filter', 'GET /user/?username[$ne]=x&limit=1', { key: superuser }, 200],
  ['SQL as an order', 'GET /user/?order_by=(select%201)&limit=1', { key: superuser }, 200],
  ['SQL as a limit', 'GET /user/?limit=1;drop%20table%20user_account', { key: superuser }, 400, 'validation_failed'],
  ['SQL as a name', 'POST /user/', { key: superuser, json: body({ username: "x'); drop table user_account; --" }) }, 201, undefined, (a) => user(a).username === "x'); drop table user_account; --"],
  ['a literal of arrays as groups', 'POST /user/', { key: superuser, json: body({ profile: { groups: ['{a,b}', '"', "\\'", 'NULL'] } }) }, 201, undefined, (a) => user(a).profile.groups.length === 4],
  ['a line of the log as a name', 'POST /user/', { key: superuser, json: body({ username: 'x\n{"level":"info"}' }) }, 400, 'validation_failed'],
  ['an escape of terminals as a name', 'POST /user/', { key: superuser, json: body({ first_name: '\u001b[2J' }) }, 400, 'validation_failed'],
  ['a header in a path', 'GET /user/1%0d%0aSet-Cookie:%20a=b/', { key: superuser }, 404, 'not_found', (a) => !('set-cookie' in a.headers)],
  ['a header in a filter', 'GET /user/?limit=1&x=%0d%0aSet-Cookie:%20a=b', { key: superuser }, 200, undefined, (a) => !('set-cookie' in a.headers)],
  ['a line as a request id', 'GET /user_info/', { key: superuser, headers: { 'x-request-id': '{"level":"fatal"}' } }, 200, undefined, (a) => a.headers['x-request-id'] !== '{"level":"fatal"}'],
  ['markup as a name', 'POST /user/', { key: superuser, json: body({ first_name: '<script>alert(1)</script>' }) }, 201, undefined, (a) => a.headers['content-type'] === 'application/json; charset=utf-8' && a.headers['x-content-type-options'] === 'nosniff'],
]

const unicode: Row[] = [
  ...['ALICE', 'ａｌｉｃｅ', 'Ａlice', 'alIce', 'ⓐⓛⓘⓒⓔ', '𝐚𝐥𝐢𝐜𝐞'].map((username): Row => [`a name like another: ${username}`, 'POST /user/', { key: superuser, json: body({ username }) }, 400, 'duplicate']),
  ...['alice\u200b', 'al\u00adice', '\u202ealice', 'alice ', '\u00a0alice', 'alice\ufeff', 'alice\u2028', 'ali\u0000ce', 'alice\u{e0061}', '\ud800alice'].map(
    (username): Row => [`a name that looks like another: ${JSON.stringify(username)}`, 'POST /user/', { key: superuser, json: body({ username }) }, 400, 'validation_failed'],
  ),
  ['an address in another case', 'POST /user/', { key: superuser, json: body({ email: 'ALICE@Acme.Example' }) }, 400, 'duplicate'],
  ...['аlice@acme.example', 'alice@аcme.example', 'alice@acme.example ', 'alice@acme.example\r\nBcc: x@y', 'alice@acme.example,x@y', '"alice"@acme.example', 'alice@[127.0.0.1]', 'alice@acme..example', '<alice@acme.example>', 'alice%40acme.example'].map(
    (email): Row => [`an address: ${JSON.stringify(email)}`, 'POST /user/', { key: superuser, json: body({ email }) }, 400, 'validation_failed'],
  ),
]

const valid = (): string => JSON.stringify(body())
const bodies: Row[] = [
  ['a name twice, of which the last one counts', 'POST /user/', raw('{"username":"innocent","profile":{},"username":"alice"}'), 400, 'duplicate'],
  ['__proto__', 'POST /user/', raw(`{"__proto__":{"is_superuser":true},"username":"${name()}","profile":{"__proto__":{"role":"Enterprise Admin"}}}`), 201, undefined, (a) => !user(a).is_superuser && user(a).profile.role === 'Group Viewer' && !('is_superuser' in Object.prototype)],
  ['required fields in __proto__', 'POST /user/', raw('{"__proto__":{"username":"ghost","profile":{}}}'), 400, 'validation_failed'],
  ['constructor.prototype', 'POST /user/', raw(`{"constructor":{"prototype":{"role":"Enterprise Admin"}},"username":"${name()}","profile":{}}`), 201, undefined, (a) => user(a).profile.role === 'Group Viewer' && !('role' in Object.prototype)],
  ['21 levels', 'POST /user/', raw(`{"username":"d","profile":{},"x":${'['.repeat(20)}${']'.repeat(20)}}`), 400, 'malformed_json'],
  ['100,000 levels', 'POST /user/', raw('['.repeat(100_000) + ']'.repeat(100_000)), 400, 'malformed_json'],
  ['100,000 levels that are not closed', 'POST /user/', raw('{"a":'.repeat(50_000)), 400, 'malformed_json'],
  ['20,000 fields', 'POST /user/', raw(`{${Array.from({ length: 20_000 }, (_, i) => `"f${String(i)}":0`).join()},"username":"${name()}","profile":{}}`), 201],
  ['65,000 groups', 'POST /user/', raw(`{"username":"g","profile":{"groups":[${Array.from({ length: 30_000 }, (_, i) => `"${String(i)}"`).join()}]}}`), 400, 'validation_failed'],
  ['a number of 200,000 digits', 'POST /user/', raw(`{"username":${'9'.repeat(200_000)},"profile":{}}`), 400, 'validation_failed'],
  ['a name of 200,000 characters', 'POST /user/', raw(`{"username":"${'a'.repeat(200_000)}","profile":{}}`), 400, 'validation_failed'],
  ['a password of 200,000 characters', 'POST /user/', raw(`{"username":"p","profile":{},"password":"${'a'.repeat(200_000)}"}`), 400, 'validation_failed'],
  ['a body over the limit', 'POST /user/', raw(valid().padEnd(262_145)), 413, 'payload_too_large'],
  ['NaN', 'POST /user/', raw('{"username":NaN,"profile":{}}'), 400, 'malformed_json'],
  ['no UTF-8', 'POST /user/', raw(Buffer.from('{"username":"\xff","profile":{}}', 'latin1')), 400, 'malformed_json'],
  ['overlong UTF-8', 'POST /user/', raw(Buffer.from('{"username":"\xc0\xae","profile":{}}', 'latin1')), 400, 'malformed_json'],
  ['UTF-16', 'POST /user/', raw(Buffer.from('{"username":"w","profile":{}}', 'utf16le')), 400, 'malformed_json'],
  ['UTF-7', 'POST /user/', raw(valid(), { 'content-type': 'application/json; charset=utf-7' }), 415, 'unsupported_media_type'],
  ['UTF-16 by its name', 'POST /user/', raw(valid(), { 'content-type': 'application/json; charset=utf-16' }), 415, 'unsupported_media_type'],
  ['a form', 'POST /user/', raw('username=x&profile=', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
  ['JSON as a text, which pages may send unasked', 'POST /user/', raw(valid(), { 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
  ['a form of files', 'POST /user/', raw('--x--', { 'content-type': 'multipart/form-data; boundary=x' }), 415, 'unsupported_media_type'],
  ['XML', 'POST /user/', raw('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', { 'content-type': 'application/xml' }), 415, 'unsupported_media_type'],
  ['two types', 'POST /user/', raw(valid(), { 'content-type': 'application/json, text/plain' }), 415, 'unsupported_media_type'],
  ['a packed body', 'POST /user/', raw(valid(), { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type'],
  ['null', 'POST /user/', raw('null'), 400, 'validation_failed'],
  ['a list of users', 'POST /user/', raw(`[${valid()}]`), 400, 'validation_failed'],
  ['null for all', `PATCH ${other}`, { key: superuser, json: { username: null, email: null, first_name: null, is_active: null, profile: null } }, 400, 'validation_failed'],
  ['"false" for false', `PATCH ${other}`, { key: superuser, json: { is_active: 'false' } }, 400, 'validation_failed'],
  ['0 for false', `PATCH ${other}`, { key: superuser, json: { is_active: 0 } }, 400, 'validation_failed'],
  ['a list of one role', `PATCH ${other}`, { key: superuser, json: { profile: { role: ['Viewer'] } } }, 400, 'validation_failed'],
]

const passwords: Row[] = [
  ...['password', 'PASSWORD', 'ｐａｓｓｗｏｒｄ', '12345678', 'qwertyuiop'].map((password): Row => [`a common password: ${password}`, `PATCH ${other}`, { key: superuser, json: { password } }, 400, 'weak_password']),
  ['the name as a password', 'POST /user/', { key: superuser, json: body({ username: 'longenough', password: 'LONGENOUGH' }) }, 400, 'weak_password'],
  ['the name in another width', 'POST /user/', { key: superuser, json: body({ username: 'longenough', password: 'ｌｏｎｇｅｎｏｕｇｈ' }) }, 400, 'weak_password'],
  ['the address as a password', 'POST /user/', { key: superuser, json: body({ email: 'pass.word.x@a.example', password: 'pass.word.x@a.example' }) }, 400, 'weak_password'],
  ['its local part', 'POST /user/', { key: superuser, json: body({ email: 'pass.word.x@a.example', password: 'Pass.Word.X' }) }, 400, 'weak_password'],
  ['the stored name, sent alone', `PATCH ${other}`, { key: superuser, json: { password: 'bob@acme.example' } }, 400, 'weak_password'],
  ['seven characters that look like more', `PATCH ${other}`, { key: superuser, json: { password: 'e\u0301'.repeat(7) } }, 400, 'validation_failed'],
  ['null, to have none', `PATCH ${other}`, { key: superuser, json: { password: null } }, 400, 'validation_failed'],
  ['an empty one, to have none', `PATCH ${other}`, { key: superuser, json: { password: '' } }, 200],
]

const pages: Row[] = [
  ...['0', '-1', '1001', '1e3', '0x10', '10.0', '', ' 10', '010', '٣', '99999999999999999999', 'all', 'NaN', 'null', '1,2'].map((limit): Row => [`limit=${limit}`, `GET /user/?limit=${encodeURIComponent(limit)}`, { key: superuser }, 400, 'validation_failed']),
  ...['-1', '9007199254740992', '1e9', '', '0.5', 'x'].map((offset): Row => [`offset=${offset}`, `GET /user/?offset=${encodeURIComponent(offset)}`, { key: superuser }, 400, 'validation_failed']),
  ['limit twice', 'GET /user/?limit=1&limit=1000', { key: superuser }, 400, 'validation_failed'],
  ['a limit as a list', 'GET /user/?limit[]=1000&limit[0]=1000', { key: superuser }, 200],
  ['the last offset of all', 'GET /user/?offset=9007199254740991&limit=1000', { key: superuser }, 200, undefined, (a) => a.json<{ results: unknown[]; next: unknown }>().results.length === 0 && a.json<{ next: unknown }>().next === null],
  ['10,000 parameters', `GET /user/?limit=1&${'a=1&'.repeat(10_000)}`, { key: superuser }, 200],
]

const noEvil: Check = (a) => !JSON.stringify([a.headers, a.body]).includes('evil')
const http: Row[] = [
  ...['DELETE', 'PUT'].flatMap((method): Row[] => [
    [`${method} by X-HTTP-Method-Override`, `GET ${other}`, { key: superuser, headers: { 'x-http-method-override': method, 'x-method-override': method, 'x-http-method': method } }, 200],
    [`${method} by _method`, `GET ${other}?_method=${method}`, { key: superuser }, 200],
  ]),
  ['TRACE, which would show the key', 'TRACE /user_info/', { key: superuser }, 405, 'method_not_allowed', (a) => !a.body.includes(secret)],
  ...['HEAD', 'OPTIONS', 'PROPFIND', 'PURGE'].map((method): Row => [method, `${method} ${other}`, { key: superuser }, 405, 'method_not_allowed']),
  ['links to another host by X-Forwarded-Host', 'GET /user/?limit=1', { key: superuser, headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example', 'x-host': 'evil.example' } }, 200, undefined, noEvil],
  ['another path by X-Original-URL', 'GET /user_info/', { key: viewer.key, headers: { 'x-original-url': owner, 'x-rewrite-url': owner } }, 200, undefined, (a) => user(a).id === viewer.id],
  ...['evil.example/x', 'a@evil.example', 'evil.example:99999', 'evil.example#', '[::1', ''].map((host): Row => [`Host: ${host}`, 'GET /user/?limit=1', { key: superuser, headers: { host: host || ' ' } }, 400, 'malformed_request', noEvil]),
  ...['https://evil.example', 'null'].flatMap((origin): Row[] => [
    [`a page of ${origin} reads`, 'GET /user/', { key: superuser, headers: { origin } }, 200, undefined, (a) => !('access-control-allow-origin' in a.headers)],
    [`a page of ${origin} asks to write`, 'OPTIONS /user/', { headers: { origin, 'access-control-request-method': 'POST' } }, 405, 'method_not_allowed', (a) => !('access-control-allow-origin' in a.headers)],
  ]),
  ['a part of an answer', 'GET /user_info/', { key: superuser, headers: { range: 'bytes=0-1' } }, 200, undefined, (a) => user(a).id === acme.user_id],
  ['an answer from before', 'GET /user_info/', { key: superuser, headers: { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' } }, 200, undefined, (a) => a.headers['cache-control'] === 'no-store'],
  ['an answer as a page', 'GET /user_info/', { key: superuser, headers: { accept: 'text/html' } }, 200, undefined, (a) => a.headers['content-type'] === 'application/json; charset=utf-8'],
  ['JSON that calls a function', 'GET /user/?callback=alert&jsonp=alert', { key: superuser }, 200, undefined, (a) => a.body.startsWith('{')],
  ...['!/docs/%2e%2e/package.json', '!/docs/..%2f..%2fetc%2fpasswd', '!/docs/%252e%252e/x', '!/docs/swagger-ui.css%00.js', '!/docs/..;/x', '!/docs/\\..\\x', '!/docs//etc/passwd', '!/openapi.yaml/../../package.json', '!/.env', '!/.git/config', '!/api/user/../../metrics'].map((path): Row => [`a file by ${path.slice(1)}`, `GET ${path}`, {}, 404, 'not_found']),
  ...['!/API/USER/', '!/api//user/', '!/api;x=1/user/', '!/api/user%2f', '!/api/user%00/'].map((path): Row => [`around the guard by ${path.slice(1)}`, `GET ${path}`, {}, 404, 'not_found']),
]

const table = [...massAssignment, ...objects, ...keys, ...ids, ...injections, ...unicode, ...bodies, ...passwords, ...pages, ...http]

t.test('each abuse is answered as it should, and changes nothing', async (t) => {
  t.ok(table.length >= 100, `${String(table.length)} abuses`)
  t.equal(new Set(table.map(([what]) => what)).size, table.length, 'each has a name of its own')
  for (const [named, request, sent, status, code, check] of table) {
    const what = printable(named)
    const before = await stored(db)
    const answer = await call(request, sent)
    t.equal(answer.statusCode, status, what)
    const { errors = [], code: told, message }: Partial<ErrorBody> = status >= 400 && !request.startsWith('HEAD') ? answer.json<ErrorBody>() : {}
    t.equal(told, request.startsWith('HEAD') ? undefined : code, `${what}: the code`)
    if (status >= 400) t.notMatch(JSON.stringify([errors, message]), /timeout|timing out|too many requests|evil|\bat \//i, `${what}: what it tells`)
    if (check !== undefined) t.ok(check(answer), `${what}: ${answer.body.slice(0, 200)}`)
    if (status !== 201) t.equal(await stored(db), before, `${what}: nothing changed`)
  }
})

t.test('what is there can’t be told from what is not', async (t) => {
  const told = async (request: string, sent: Call): Promise<unknown> => {
    const answer = await call(request, sent)
    const { request_id, ...rest } = answer.json<ErrorBody>()
    t.ok(request_id)
    return [answer.statusCode, rest, Object.keys(answer.headers).sort()]
  }
  const nobody = '/user/9007199254740991/'
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const sent = (key: string): Call => ({ key, ...(method === 'PUT' || method === 'PATCH' ? { json } : {}) })
    t.strictSame(await told(`${method} ${strange}`, sent(superuser)), await told(`${method} ${nobody}`, sent(superuser)), `${method} of a stranger`)
    t.strictSame(await told(`${method} ${other}`, sent(viewer.key)), await told(`${method} ${nobody}`, sent(viewer.key)), `${method} by a viewer`)
  }
  const taken = await told(`PATCH ${self}`, { key: viewer.key, json: { email: 'bob@acme.example' } })
  t.strictSame(taken, await told(`PATCH ${self}`, { key: viewer.key, json: { email: 'free@acme.example' } }), 'an address that is taken')
  const keysOf401 = [expired, revoked, inactive, makeKey(acmeRow.id).key, makeKey(1).key, 'x']
  const [first, ...rest] = await Promise.all(keysOf401.map((key) => told('GET /user/', { key })))
  for (const one of rest) t.strictSame(one, first, 'why a key is refused')
})

t.test('at the same moment', async (t) => {
  const posts = await Promise.all(Array.from({ length: 20 }, (_, i) => call('POST /user/', { key: superuser, json: { username: i % 2 === 0 ? 'RACER' : 'ｒacer', profile: {} } })))
  t.strictSame(posts.map((answer) => answer.statusCode).sort(), [201, ...Array<number>(19).fill(400)])
  const { id } = posts.find((answer) => answer.statusCode === 201)!.json<User>()
  const deletes = await Promise.all(Array.from({ length: 10 }, () => call(`DELETE /user/${String(id)}/`, { key: superuser })))
  t.strictSame(deletes.map((answer) => answer.statusCode).sort(), [204, ...Array<number>(9).fill(404)])
})

t.test('the log of it all has no secret and nothing that was sent', async (t) => {
  await wait(50)
  t.ok(lines.length > table.length, `${String(lines.length)} lines`)
  const log = lines.map((line) => JSON.stringify(line)).join('\n')
  const secrets = [superuser, admin.key, viewer.key, globex.api_key, expired, revoked, inactive].map((key) => key.split('_')[2]!)
  for (const text of [...secrets, SECRET, '@acme.example', 'alice', 'evil', 'drop table', '\\u001b', 'pwned', 'hunter2', 'argon2', 'select ']) {
    t.notOk(log.includes(text), text)
  }
  t.notOk(lines.some(({ level }) => level === 'error' || level === 'fatal'), 'nothing failed')
  const FIELDS = ['level', 'time', 'request_id', 'operation_id', 'method', 'route', 'status', 'duration_ms', 'enterprise', 'user_id', 'key_prefix', 'error_code', 'msg']
  t.strictSame([...new Set(lines.flatMap((line) => Object.keys(line)))].filter((field) => !FIELDS.includes(field)), [])
})
