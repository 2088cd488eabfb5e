import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'
import { makeTarget, stored } from './world.js'

const t = thisFile()

const { app, db, superuser, viewer, lines } = await makeTarget(t)
const port = await listen(app)

const KEY = `Authorization: Bearer ${superuser}`
const JSON_TYPE = 'Content-Type: application/json'
const EVIL = '{"username":"smuggled","profile":{}}'
/** The request that an attacker hides in another one. */
const HIDDEN = wireText('POST /api/user/', [KEY, JSON_TYPE, `Content-Length: ${String(EVIL.length)}`], EVIL)
const post = (more: string[], body: string): string => wireText('POST /api/user/', [KEY, JSON_TYPE, ...more], body)
const get = (start: string, more: string[] = []): string => wireText(start, [KEY, ...more])
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
const BROKEN = '{"x":'

/** What is sent as bytes, and the statuses of all answers that come before the server closes or is asked to. */
type Row = readonly [name: string, bytes: string, statuses: readonly number[]]

const smuggling: Row[] = [
  ['a length before chunks', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['chunks before a length', post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['two lengths', post(['Content-Length: 0', `Content-Length: ${String(HIDDEN.length)}`], HIDDEN), [400]],
  ['two lengths in one', post([`Content-Length: 0, ${String(HIDDEN.length)}`], HIDDEN), [400]],
  ['a length with a sign', post(['Content-Length: +0'], HIDDEN), [400]],
  ['a length below zero', post(['Content-Length: -1'], HIDDEN), [400]],
  ['a length in hexadecimal', post(['Content-Length: 0x0'], HIDDEN), [400]],
  ['a length over all', post([`Content-Length: ${'9'.repeat(30)}`], HIDDEN), [400]],
  ['chunks with a space before the colon', post(['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['chunks on a folded line', post(['Transfer-Encoding:\r\n chunked', 'Content-Length: 5'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['chunks by another name', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['chunks that are packed', post(['Transfer-Encoding: chunked, gzip'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['chunks with a tab', post(['Transfer-Encoding:\tchunked', 'Content-Length: 5'], `0\r\n\r\n${HIDDEN}`), [400]],
  ['a size of a chunk over all', post(['Transfer-Encoding: chunked'], `${'f'.repeat(17)}\r\n${HIDDEN}`), [400]],
  ['a size below zero', post(['Transfer-Encoding: chunked'], `-1\r\n${HIDDEN}`), [400]],
  ['a size with 0x', post(['Transfer-Encoding: chunked'], `0x5\r\n${BROKEN}\r\n0\r\n\r\n`), [400]],
  ['a chunk that ends in LF', post(['Transfer-Encoding: chunked'], `5\n${BROKEN}\n0\n\n`), [400]],
  ['a header line that ends in LF', `GET /api/user_info/ HTTP/1.1\r\nHost: a\n${KEY}\r\n\r\n`, [400]],
  ['a header line that ends in CR', `GET /api/user_info/ HTTP/1.1\r\nHost: a\r${KEY}\r\n\r\n`, [400]],
  ['NUL in a header', get('GET /api/user_info/', ['X-A: a\0b']), [400]],
  ['NUL in a path', get('GET /api/user/1\0/'), [400]],
  ['a header without a name', get('GET /api/user_info/', [': x']), [400]],
  ['a space in front of a header', `GET /api/user_info/ HTTP/1.1\r\n Host: a\r\n${KEY}\r\n\r\n`, [400]],
  ['a tab in the request line', `GET\t/api/user_info/\tHTTP/1.1\r\nHost: a\r\n${KEY}\r\n\r\n`, [400]],
  ['a star where the path has its slash', get('GET *api/user_info/'), [400]],
  ['HTTP/0.9', 'GET /api/user_info/\r\n\r\n', [400]],
  ['a method that is none', get('BREW /api/user_info/'), [400]],
  ['a trailer that is a key', wireText('POST /api/user/', [JSON_TYPE, 'Transfer-Encoding: chunked', 'Trailer: Authorization'], `2\r\n{}\r\n0\r\n${KEY}\r\n\r\n`), [401]],
  ['chunks with an extension', post(['Transfer-Encoding: chunked'], `2;a=${'b'.repeat(100)}\r\n{}\r\n0\r\n\r\n`), [400]],
  ['a body of GET that is a request', get('GET /api/user_info/', [`Content-Length: ${String(HIDDEN.length)}`]) + HIDDEN, [200]],
  ['a chunked body of GET that is a request', get('GET /api/user_info/', ['Transfer-Encoding: chunked']) + chunk(HIDDEN), [200]],
  ['a body of DELETE that is a request', get('DELETE /api/user/0/', [`Content-Length: ${String(HIDDEN.length)}`]) + HIDDEN, [404]],
  ['a body that is a request, refused before it is read', wireText('POST /api/user/', [JSON_TYPE, `Content-Length: ${String(HIDDEN.length)}`], HIDDEN), [401]],
  ['a request behind what is malformed', `GARBAGE\r\n\r\n${HIDDEN}`, [400]],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
]

const targets: Row[] = [
  ['a proxy that is asked for', wireText('CONNECT evil.example:443', [KEY]), []],
  ['TRACE', get('TRACE /api/user_info/'), [405]],
  ['OPTIONS *', get('OPTIONS *'), [404]],
  ['dots in a path', get('GET /api/user/../user_info/'), [404]],
  ['dots out of the docs', get('GET /docs/../../etc/passwd'), [404]],
  ['dots in percents', get('GET /docs/%2e%2e/%2e%2e/etc/passwd'), [404]],
  ['two slashes', get('GET //evil.example/api/user_info/'), [404]],
  ['backslashes', get('GET /docs\\..\\..\\etc\\passwd'), [404]],
  ['a fragment, which is not looked at', get('GET /api/user_info/#/../../evil'), [200]],
  ['an absolute target of another host', wireText('GET http://evil.example/api/user/?limit=1', [KEY, 'Host: roster.example']), [200]],
  ['a path of 15,000 characters', get(`GET /api/user/${'1'.repeat(15_000)}/`), [404]],
  ['a path over the limit', get(`GET /api/user/${'1'.repeat(20_000)}/`), [400]],
  ['a header over the limit', get('GET /api/user_info/', [`X-A: ${'a'.repeat(20_000)}`]), [400]],
  ['1,500 headers', get('GET /api/user_info/', Array.from({ length: 1500 }, (_, i) => `x${String(i)}: 1`)), [200, 400]],
]

const headers: Row[] = [
  ['no Host', `GET /api/user_info/ HTTP/1.1\r\n${KEY}\r\n\r\n`, [400]],
  ['two Hosts', get('GET /api/user_info/', ['Host: roster.example', 'Host: evil.example']), [400]],
  ['a Host with a path', get('GET /api/user_info/', ['Host: roster.example/evil']), [400]],
  ['a bad key before a good one', wireText('GET /api/user_info/', ['Authorization: Bearer x', KEY]), [401]],
  ['a viewer’s key before an owner’s', wireText('DELETE /api/user/1/', [`Authorization: ${viewer.key}`, KEY]), [403]],
  ['a key with bytes beyond ASCII', wireText('GET /api/user_info/', [`Authorization: Bearer rst_\xe9\xff`]), [401]],
  ['an unknown expectation', get('GET /api/user_info/', ['Expect: evil']), [200]],
  ['h2c', get('GET /api/user_info/', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']), [200]],
  ['a hop-by-hop Authorization', get('GET /api/user_info/', ['Connection: close, Authorization']), [200]],
]

/** Sends bytes, and a moment later no more. Returns the statuses of the answers, and all that came. */
async function exchange(t: Test, bytes: string, isAnswered = true): Promise<{ statuses: number[]; all: string }> {
  const connection = await connect(t, port)
  connection.send(bytes)
  // A busy machine answers late, and a client that ends its side before that gets no answer.
  if (isAnswered) await Promise.race([once(connection.socket, 'news'), wait(3000)])
  // Further answers come within a moment; what the server waits for never does.
  await wait(60)
  connection.socket.end()
  const all = await Promise.race([connection.closed(), wait(3000, 'still open')])
  return { statuses: [...all.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)), all }
}

t.test('each abuse of the wire is answered once, or cut off, and hides nothing', async (t) => {
  const table = [...smuggling, ...targets, ...headers]
  for (const [what, bytes, statuses] of table) {
    const before = await stored(db)
    const { statuses: seen, all } = await exchange(t, bytes, statuses.length > 0)
    t.ok(seen.length === Math.min(1, statuses.length) && seen.every((status) => statuses.includes(status)), `${what}: ${seen.join(' ')}`)
    t.notMatch(all.replaceAll(superuser, 'KEY'), /evil|smuggled|\brst_|\bat \//, `${what}: what it tells`)
    t.equal(await stored(db), before, `${what}: nothing changed`)
  }
  t.comment(`${String(table.length)} abuses of the wire`)
})

t.test('two requests on one connection are two, whoever sends them', async (t) => {
  const bytes = wireText('GET /api/user_info/', [`Authorization: ${viewer.key}`]) + wireText('GET /api/user_info/')
  t.strictSame((await exchange(t, bytes)).statuses, [200, 401], 'the second one has no key of the first')
})

t.test('the log of it all has no secret and nothing that was sent', async (t) => {
  const log = JSON.stringify(lines)
  for (const text of [...[superuser, viewer.key].map((key) => key.split('_')[2]!), 'evil', 'smuggled', 'passwd']) t.notOk(log.includes(text), text)
  t.notOk(lines.some(({ level }) => level === 'error' || level === 'fatal'), 'nothing failed')
})
