import { BODY_LIMIT } from '../../src/http/body.js'
import { type Call, isError, makeDirectory } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, call, superuser: key, viewer, create } = directory
const port = await listen(app)
const JSON_TYPE = { 'content-type': 'application/json' }
const TOO_LARGE = [`body: must have at most ${String(BODY_LIMIT)} bytes`]
const BAD_TYPE = ['Content-Type: must be application/json']

/** Sends a body as it is to a PATCH of the viewer, which changes nothing where it is accepted. */
const patch = (payload: string | Buffer | undefined, headers: Record<string, string> = JSON_TYPE) =>
  call(`PATCH /user/${String(viewer.id)}/`, { key, headers, ...(payload === undefined ? {} : { payload }) })

/** `{}` with white space behind it: valid JSON of any size. */
const sized = (bytes: number): string => '{}'.padEnd(bytes)

t.test('413', async (t) => {
  await t.test('counts bytes, and answers before 415 and 400', async (t) => {
    t.equal((await patch(sized(BODY_LIMIT))).statusCode, 200, 'the limit itself')
    for (const headers of [
      JSON_TYPE,
      {},
      { 'content-type': 'text/plain' },
      { 'content-type': ';;;' },
      { 'content-encoding': 'gzip' },
    ]) {
      isError(t, await patch(sized(BODY_LIMIT + 1), headers), 413, 'payload_too_large', TOO_LARGE)
    }
    isError(t, await patch('\xff'.repeat(BODY_LIMIT / 2 + 1)), 413, 'payload_too_large', TOO_LARGE)
    isError(t, await patch('['.repeat(BODY_LIMIT + 1)), 413, 'payload_too_large', TOO_LARGE)
  })
  await t.test('by Content-Length, without waiting for the body', async (t) => {
    const connection = await connect(t, port)
    const lines = [`Authorization: ${key}`, `Content-Length: ${String(BODY_LIMIT + 1)}`]
    isError(t, await connection.send(wireText('POST /api/user/', lines)).answer(), 413, 'payload_too_large', TOO_LARGE)
    t.equal(await connection.closed(), '')
  })
  await t.test('by chunks, without waiting for the last one', async (t) => {
    const connection = await connect(t, port)
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    connection.send(
      wireText('POST /api/user/', [`Authorization: ${key}`, 'Transfer-Encoding: chunked'], chunk.repeat(4)),
    )
    isError(t, await connection.send('1\r\n \r\n').answer(), 413, 'payload_too_large', TOO_LARGE)
  })
  await t.test('chunks of the limit itself', async (t) => {
    const connection = await connect(t, port)
    const lines = [`Authorization: ${key}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked']
    connection.send(wireText(`PATCH /api/user/${String(viewer.id)}/`, lines, `40000\r\n${sized(0x40000)}\r\n0\r\n\r\n`))
    t.equal((await connection.answer()).statusCode, 200)
  })
  await t.test('also where the body is ignored', async (t) => {
    const gone = await create({ username: 'gone-413' })
    const request = `DELETE /user/${String(gone.id)}/`
    isError(t, await call(request, { key, payload: sized(BODY_LIMIT + 1) }), 413, 'payload_too_large', TOO_LARGE)
    t.equal((await call(request, { key, payload: sized(BODY_LIMIT) })).statusCode, 204)
  })
})

t.test('401, 403 and 404 come first, before the body is there', async (t) => {
  const cases: readonly [string, string | undefined, number][] = [
    ['POST /api/user/', undefined, 401],
    ['POST /api/user/', 'rubbish', 401],
    ['POST /api/user/', viewer.key, 403],
    ['PATCH /api/user/123abc/', viewer.key, 403],
    ['PUT /api/user/123abc/', key, 404],
    ['PATCH /api/user/01/', key, 404],
    ['DELETE /api/user/0/', key, 404],
    ['POST /api/nothing/', undefined, 404],
    ['POST /api/user_info/', undefined, 405],
  ]
  for (const [start, sent, status] of cases) {
    for (const body of ['Content-Length: 10', 'Content-Length: 300000', 'Transfer-Encoding: chunked']) {
      const lines = [...(sent === undefined ? [] : [`Authorization: ${sent}`]), 'Content-Type: a/b/c', body]
      const answer = await (await connect(t, port)).send(wireText(start, lines)).answer()
      t.equal(answer.statusCode, status, `${start}, ${body}`)
    }
  }
  isError(t, await call('PATCH /user/9007199254740991/', { key, payload: '{' }), 415, 'unsupported_media_type')
  isError(
    t,
    await call('PATCH /user/9007199254740991/', { key, headers: JSON_TYPE, payload: '{' }),
    400,
    'malformed_json',
  )
  isError(t, await call('PATCH /user/9007199254740991/', { key, json: {} }), 404, 'not_found')
})

t.test('415', async (t) => {
  const accepted = [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; Charset=Utf-8 ',
    'application/json;',
  ]
  for (const type of accepted) t.equal((await patch('{}', { 'content-type': type })).statusCode, 200, type)
  const refused = [
    '',
    'text/plain',
    'text/json',
    'application/merge-patch+json',
    'application/vnd.api+json',
    'application/jsonp',
    'application',
    'application/json/x',
    ';',
    'application/json; charset=latin-1',
    'application/json; charset=utf-16',
    'application/json, text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    '*/*',
    '\u{1f4a9}',
  ]
  for (const type of refused) {
    for (const payload of ['{}', '{', Buffer.of(0xff)]) {
      isError(t, await patch(payload, { 'content-type': type }), 415, 'unsupported_media_type', BAD_TYPE)
    }
  }
  isError(t, await patch('{}', {}), 415, 'unsupported_media_type', BAD_TYPE)
  for (const encoding of ['gzip', 'br', 'deflate', 'x']) {
    const answer = await patch('{}', { ...JSON_TYPE, 'content-encoding': encoding })
    isError(t, answer, 415, 'unsupported_media_type', ['Content-Encoding: must be identity'])
  }
  t.equal((await patch('{}', { ...JSON_TYPE, 'content-encoding': 'Identity' })).statusCode, 200)
})

t.test('400: no body where one is needed', async (t) => {
  const types = [
    {},
    JSON_TYPE,
    { 'content-type': 'text/plain' },
    { 'content-type': ';' },
    { ...JSON_TYPE, 'content-length': '0' },
  ]
  for (const headers of types as Record<string, string>[]) {
    for (const request of ['POST /user/', `PUT /user/${String(viewer.id)}/`, `PATCH /user/${String(viewer.id)}/`]) {
      isError(t, await call(request, { key, headers }), 400, 'validation_failed', ['body: is required'])
    }
  }
})

t.test('400: bytes that are no JSON', async (t) => {
  for (const bytes of [
    [0xff],
    [0x22, 0xc3, 0x28, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xc0, 0x80],
    [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
  ]) {
    isError(t, await patch(Buffer.from(bytes)), 400, 'malformed_json', ['body: is not UTF-8'])
  }
  for (const text of [
    '{',
    '{"a":}',
    '[1,]',
    "{'a':1}",
    'NaN',
    'undefined',
    ' ',
    '{}{}',
    '{"a":01}',
    '"\n"',
    '{"username":"MARK',
  ]) {
    isError(t, await patch(text), 400, 'malformed_json', ['body: is not valid JSON'])
  }
  t.equal((await patch('\ufeff{}')).statusCode, 200, 'a byte order mark is skipped')
})

t.test('400: JSON nested deeper than 20', async (t) => {
  const faults = ['body: must not be nested deeper than 20']
  const nest = (open: string, close: string, depth: number): string => `${open.repeat(depth)}${close.repeat(depth)}`
  const inField = (depth: number): string => `{"x":${nest('[', ']', depth - 1)}}`
  const objects = (depth: number): string => `${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`
  for (const deep of [inField, objects]) {
    t.equal((await patch(deep(20))).statusCode, 200)
    isError(t, await patch(deep(21)), 400, 'malformed_json', faults)
  }
  isError(t, await patch(nest('[', ']', 20)), 400, 'validation_failed', ['body: must be an object'])
  isError(t, await patch(nest('[', ']', 100_000)), 400, 'malformed_json', faults)
  isError(t, await patch('{"x":'.repeat(40_000) + '1' + '}'.repeat(40_000)), 400, 'malformed_json', faults)
})

t.test('400: JSON that is no object', async (t) => {
  for (const text of ['[]', '"text"', '1', 'true', '[{"username":"a"}]']) {
    isError(t, await patch(text), 400, 'validation_failed', ['body: must be an object'])
  }
  isError(t, await patch('null'), 400, 'validation_failed', ['body: must not be null'])
})

t.test('keys that JavaScript gives a meaning are unknown fields', async (t) => {
  const user = JSON.stringify({ username: 'proto', is_superuser: true })
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    t.equal((await patch(`{"${name}":${user},"profile":{"${name}":{"role":"Enterprise Admin"}}}`)).statusCode, 200)
    const answer = await call('POST /user/', {
      key,
      headers: JSON_TYPE,
      payload: `{"${name}":{"username":"proto","profile":{}}}`,
    })
    isError(t, answer, 400, 'validation_failed', ['username: is required', 'profile: is required'])
  }
  const after = await call(`GET /user/${String(viewer.id)}/`, { key })
  t.match(after.json(), { username: 'vera', is_superuser: false, profile: { role: 'Group Viewer' } })
  t.notOk('username' in {}, 'and no prototype is touched')
})

t.test('a body has at most a hundred faults listed', async (t) => {
  const groups = Array.from({ length: 5000 }, () => 1)
  const answer = await patch(JSON.stringify({ profile: { groups } }))
  isError(t, answer, 400, 'validation_failed')
  const { errors } = answer.json<{ errors: string[] }>()
  t.equal(errors.length, 101)
  t.strictSame(errors.slice(0, 2), ['profile.groups.0: must be a string', 'profile.groups.1: must be a string'])
  t.equal(errors.at(-1), 'and 4900 more')
})

t.test('a Content-Type without a body harms no GET and no DELETE', async (t) => {
  for (const type of ['application/json', 'text/plain', ';;', '', 'application/json; charset=x']) {
    for (const lines of [[], ['Content-Length: 0']]) {
      const headers = [`Authorization: ${key}`, `Content-Type: ${type}`, ...lines]
      const gone = await create({ username: 'gone' })
      for (const [start, status] of [
        ['GET /api/user/', 200],
        ['GET /api/user_info/', 200],
        [`DELETE /api/user/${String(gone.id)}/`, 204],
      ] as const) {
        t.equal(
          (await (await connect(t, port)).send(wireText(start, headers)).answer()).statusCode,
          status,
          `${start} ${type}`,
        )
      }
    }
  }
})

t.test('a body that an operation does not have is ignored, whatever it is', async (t) => {
  const bodies: Call[] = [
    { json: { a: 1 } },
    { payload: '{', headers: JSON_TYPE },
    { payload: Buffer.of(0xff), headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' } },
    { payload: 'x', headers: { 'content-type': ';;;' } },
  ]
  for (const body of bodies) {
    t.equal((await call('GET /user/', { key, ...body })).statusCode, 200)
    const gone = await create({ username: 'junk' })
    t.equal((await call(`DELETE /user/${String(gone.id)}/`, { key, ...body })).statusCode, 204)
  }
  const connection = await connect(t, port)
  connection.send(
    wireText('GET /api/user_info/', [`Authorization: ${key}`, 'Content-Length: 300000'], 'x'.repeat(300_000)),
  )
  t.equal((await connection.answer()).statusCode, 200)
})
