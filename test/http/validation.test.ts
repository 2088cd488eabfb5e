import { SchemaFaults, validatorCompiler } from '../../src/http/validation.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { call, superuser: key } = await makeDirectory(t)
const LIMIT = 'limit: must be an integer from 1 to 1000'
const OFFSET = 'offset: must be an integer from 0 to 9007199254740991'

t.test('a query is read as plain decimal integers', async (t) => {
  for (const query of [
    '',
    '?limit=1',
    '?limit=1000&offset=0',
    '?offset=9007199254740991',
    '?format=json&x=1&x=2',
    '?__proto__=1&constructor=2',
    '?%zz',
    '?&&=',
  ]) {
    t.equal((await call(`GET /user/${query}`, { key })).statusCode, 200, query)
  }
  for (const value of [
    '',
    '0',
    '1001',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e2',
    '0x1',
    ' 1',
    '1 ',
    'true',
    'null',
    '٣',
    '9'.repeat(400),
  ]) {
    isError(t, await call(`GET /user/?limit=${encodeURIComponent(value)}`, { key }), 400, 'validation_failed', [LIMIT])
  }
  for (const value of ['', '-1', '9007199254740992', '00', '-0', '1,2']) {
    isError(t, await call(`GET /user/?offset=${value}`, { key }), 400, 'validation_failed', [OFFSET])
  }
})

t.test('a parameter that is given twice, or empty, is 400; all faults come together', async (t) => {
  const cases: Record<string, string[]> = {
    'limit=1&limit=1': [LIMIT],
    'offset=0&offset=0': [OFFSET],
    'username=a&username=a': ['username: must be a string'],
    'email=a&email=b': ['email: must be a string'],
    'username=': ['username: must have 1 to 150 characters'],
    'email=': ['email: must have 1 to 254 characters'],
    [`username=${'a'.repeat(151)}`]: ['username: must have 1 to 150 characters'],
    'username=%00': ['username: must have no control characters'],
    'limit=&offset=x&username=&email=a&email=b': [
      LIMIT,
      OFFSET,
      'username: must have 1 to 150 characters',
      'email: must be a string',
    ],
  }
  for (const [query, errors] of Object.entries(cases)) {
    const answer = await call(`GET /user/?${query}`, { key })
    isError(t, answer, 400, 'validation_failed')
    t.strictSame(answer.json<{ errors: string[] }>().errors.sort(), errors.sort(), query)
  }
})

t.test('headers of getUserInfo are never 400', async (t) => {
  for (const name of ['x-tenant', 'x-client-id']) {
    for (const value of ['', 'A_B', 'a'.repeat(64), 'ä']) {
      isError(t, await call('GET /user_info/', { key, headers: { [name]: value } }), 401, 'invalid_credentials')
    }
  }
})

t.test('the compiler coerces queries alone', async (t) => {
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1, maximum: 2 }, s: { type: 'string' } },
  }
  const compiled = (httpPart: string) =>
    validatorCompiler({ schema, httpPart, method: 'GET', url: '/' }) as (data: unknown) => unknown
  const query = { n: '2', s: '2' }
  t.equal(compiled('querystring')(query), true)
  t.strictSame(query, { n: 2, s: '2' })
  t.match(compiled('body')({ n: '2' }), { error: SchemaFaults })
  t.equal(compiled('headers')({ n: 'x' }), true)
})
