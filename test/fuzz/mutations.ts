import { METHODS } from 'node:http'
import type { Draft } from './requests.js'

/** What is sent where it can do harm if it comes back. */
export const ECHO = 'zqEchoMark'

/** One way to make a request worse. It takes a number to choose with, and a value that nobody expects. */
export interface Mutation {
  readonly name: string
  readonly needsBody?: boolean
  readonly apply: (draft: Draft, pick: number, junk: unknown) => void
}

const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

/** Values that few fields expect. */
export const JUNK: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 1e308, -1e308, 2 ** 53, 2 ** 63, Number.MIN_VALUE],
  ...['', ' ', ECHO, 'NaN', 'Infinity', 'null', 'true', '0', '-1', '1e999', '0x10', '1_000', '١٢٣'],
  ...['\u0000', 'a\u0000b', '\n', '\r\nX-Injected: 1', '\u001b[31m', '\u007f', '\u0085', '\u2028', '\u202e', '\ufeff', '\ufffe'],
  ...['\ud800', 'a\udc00', '\udc00\ud800', '😀'.repeat(200), 'a'.repeat(5000), 'é'.repeat(4097), 'ﷺ'.repeat(300), 'e\u0301'.repeat(151)],
  ...["'; drop table user_account; --", '${7*7}', '{{7*7}}', '<script>alert(1)</script>', '../../etc/passwd', '%00', '%s%n', '\\u0000'],
  ...['a@b', '@', 'a@b@c', 'a@b\n', 'user@[127.0.0.1]', `${'a'.repeat(250)}@b.c`, '00000000-0000-4000-8000-000000000000'],
  ...[[], [[]], {}, [null], [''], ['a', 1], { a: 1 }, { length: 1e9 }, { toString: 1 }, { constructor: { prototype: { a: 1 } } }],
  ...[JSON.parse('{"__proto__":{"is_superuser":true}}') as unknown, deep(12), deep(19), deep(40), Array(300).fill('x'), Array.from({ length: 300 }, (_, i) => String(i))],
]

type Holder = Record<string, unknown>

/** All places in a value: its holder and the name there. */
function placesOf(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Holder
  return Object.keys(holder).flatMap((name) => [[holder, name] as [Holder, string], ...placesOf(holder[name])])
}

const at = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length]

/** Names of fields that a client may not set. */
const FORBIDDEN = ['id', 'is_superuser', 'is_staff', 'token', 'enterprise_id', 'password_hash', 'username_key', 'is_email_verified', '__proto__', 'constructor', ECHO]

const PATHS = ['%00', '%zz', '%', '%2e%2e', '..%2f..', '%c0%af', '%ff', '0', '-1', '+1', '01', '1.0', '1e3', '٣', '9007199254740993', '9'.repeat(400), '1;a=b', "1'", '*', ECHO, '{user_id}', '%E2%80%AE', 'null', 'undefined', 'NaN', ' ', '1%20', '1%0d%0aX-A:%201']
/** A connection's parser lets no other one pass. */
const METHODS_OF_NODE = METHODS.filter((method) => method !== 'CONNECT')
const TYPES = ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'application/json;charset=utf-7', 'application/jsonp', '', ';;;', 'application/json, application/json', `${ECHO}/${ECHO}`, 'application/merge-patch+json', 'APPLICATION/JSON', 'application/json; charset="utf-8"', 'a'.repeat(3000)]
const ENCODERS: Readonly<Record<string, (json: string) => string | Buffer>> = {
  'cut off': (json) => json.slice(0, -1),
  'more behind': (json) => `${json}x`,
  'two values': (json) => `${json}${json}`,
  'a BOM': (json) => `\ufeff${json}`,
  'UTF-16': (json) => Buffer.from(json, 'utf16le'),
  'no UTF-8': (json) => Buffer.from(json.replace(/"/g, '"\xff'), 'latin1'),
  'overlong UTF-8': () => Buffer.from([0x22, 0xc0, 0x80, 0x22]),
  'a surrogate in UTF-8': () => Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  'a comment': (json) => `/* */${json}`,
  'a comma too many': (json) => json.replace(/\}$/, ',}'),
  'single quotes': (json) => json.replaceAll('"', "'"),
  NaN: (json) => json.replace(/:("[^"]*"|\w+)/, ':NaN'),
  'a number over all': (json) => json.replace(/:("[^"]*"|\w+)/, ':1e999'),
  'a number of many digits': (json) => json.replace(/:("[^"]*"|\w+)/, `:${'9'.repeat(5000)}`),
  'names twice': (json) => json.replace(/^\{/, '{"username":"first","profile":{},"username":null,'),
  'an escape that is none': (json) => json.replace(/"/, '"\\x'),
  'too deep': (json) => json.replace(/\}$/, `,"d":${'['.repeat(3000)}${']'.repeat(3000)}}`),
  'too deep, not closed': () => '['.repeat(100_000),
  'too large': (json) => json.padEnd(262_145),
  'as large as may be': (json) => json.padEnd(262_144),
  'many fields': (json) => json.replace(/^\{/, `{${Array.from({ length: 5000 }, (_, i) => `"f${String(i)}":1,`).join('')}`),
  empty: () => '',
  'white space': () => ' \n',
  'a form': () => `username=${ECHO}`,
  'a text': () => `"${ECHO}"`,
  null: () => 'null',
  array: (json) => `[${json}]`,
}

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  ...['', ' ', 'a b', 'a/b', ECHO + '/', 'a:99999', '[::1', 'a'.repeat(300), 'http://a', 'ä', 'a,b', '%00'].map((host) => ({ host })),
  ...['x_y', ECHO + '_', 'a'.repeat(65), '', "'"].map((id) => ({ 'x-request-id': id })),
  ...['globex', 'ACME', '', "'", ECHO, 'a'.repeat(500)].map((name) => ({ 'x-tenant': name })),
  ...['portal', '', ECHO].map((name) => ({ 'x-client-id': name })),
  ...['gzip', 'br', 'identity', 'gzip, identity', ECHO].map((encoding) => ({ 'content-encoding': encoding })),
  ...['*', 'text/html', 'application/xml;q=1', ECHO, '*/*;q=0', ';'].map((accept) => ({ accept })),
  ...['100-continue', ECHO].map((expect) => ({ expect })),
  ...['DELETE', 'GET', ECHO].map((method) => ({ 'x-http-method-override': method, 'x-method-override': method, _method: method })),
  ...['bytes=0-1', 'bytes=-1', ECHO].map((range) => ({ range })),
  ...['*', '"x"', 'W/"x"', ECHO].flatMap((tag) => [{ 'if-match': tag }, { 'if-none-match': tag }]),
  ...['https://evil.example', 'null', ECHO].map((origin) => ({ origin, 'access-control-request-method': 'DELETE' })),
  { 'x-forwarded-host': ECHO, 'x-forwarded-proto': 'javascript', 'x-forwarded-for': ECHO, forwarded: `host=${ECHO}` },
  { 'x-original-url': '/openapi.json', 'x-rewrite-url': `/${ECHO}` },
  { traceparent: '00-0-0-0', tracestate: ECHO, baggage: ECHO },
  { 'if-modified-since': 'yesterday', 'if-unmodified-since': ECHO },
  { 'idempotency-key': ECHO },
  { 'idempotency-key': '"' },
  { cookie: `key=${ECHO}`, 'user-agent': ECHO, referer: ECHO },
  { 'transfer-encoding': 'chunked' },
  { te: 'trailers', trailer: ECHO, upgrade: 'h2c', connection: 'upgrade' },
]

/** Every way that is known. */
export const mutations: readonly Mutation[] = [
  {
    name: 'a value that nobody expects',
    needsBody: true,
    apply: ({ body }, pick, junk) => {
      const [holder, name] = at(placesOf(body), pick) ?? []
      if (holder !== undefined && name !== undefined) holder[name] = junk
    },
  },
  {
    name: 'a field less',
    needsBody: true,
    apply: ({ body }, pick) => {
      const [holder, name] = at(placesOf(body), pick) ?? []
      if (holder !== undefined && name !== undefined) Reflect.deleteProperty(holder, name)
    },
  },
  {
    name: 'a field that no client may set',
    needsBody: true,
    apply: (draft, pick, junk) => {
      if (typeof draft.body !== 'object' || draft.body === null) return
      Object.defineProperty(draft.body, at(FORBIDDEN, pick)!, { value: junk, enumerable: true, configurable: true, writable: true })
    },
  },
  {
    name: 'a declared field of another kind',
    needsBody: true,
    apply: (draft, pick, junk) => {
      const names = ['username', 'email', 'password', 'first_name', 'is_active', 'profile']
      if (typeof draft.body === 'object' && draft.body !== null) (draft.body as Holder)[at(names, pick)!] = junk
    },
  },
  { name: 'another body', needsBody: true, apply: (draft, _pick, junk) => (draft.body = junk) },
  { name: 'a body where there is none', apply: (draft, _pick, junk) => (draft.body ??= junk) },
  {
    name: 'bytes that are none of JSON',
    apply: (draft, pick) => {
      const [name, encode] = at(Object.entries(ENCODERS), pick)!
      draft.body ??= {}
      draft.encode = encode
      draft.done.push(name)
    },
  },
  { name: 'another type', apply: (draft, pick) => (draft.headers['content-type'] = at(TYPES, pick)!) },
  { name: 'headers', apply: (draft, pick) => void Object.assign(draft.headers, at(HEADERS, pick)) },
  { name: 'another method', apply: (draft, pick) => (draft.method = at(METHODS_OF_NODE, pick)!) },
  { name: 'another id', apply: (draft, pick) => (draft.segments[draft.segments.length - 1] = at(PATHS, pick)!) },
  { name: 'more path', apply: (draft, pick) => draft.segments.push(at(PATHS, pick)!) },
  { name: 'less path', apply: (draft) => void draft.segments.pop() },
  { name: 'no prefix', apply: (draft) => (draft.prefix = '') },
  { name: 'slashes', apply: (draft, pick) => draft.segments.splice(pick % 2, 0, '') },
  {
    name: 'a parameter that nobody expects',
    apply: (draft, pick, junk) => {
      const named = [...draft.operation.parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name), ECHO, '__proto__', 'limit[]', 'a.b']
      draft.query.push([at(named, pick)!, typeof junk === 'string' ? junk : JSON.stringify(junk)])
    },
  },
  {
    name: 'a parameter twice',
    apply: (draft, pick) => {
      const one = at(draft.query, pick)
      if (one !== undefined) draft.query.push(one)
    },
  },
  {
    name: 'odd bytes in the query',
    apply: (draft, pick) => {
      draft.query.push([at(['%zz', '%ff', '%00', '%', '%u0041', '&&==', 'limit=1;offset', `${ECHO}%0d%0a`, '%ed%a0%80', '+'], pick)!, RAW])
    },
  },
]

/** Marks a parameter whose name is sent as it is, without a value. */
export const RAW = '\u0000raw'
