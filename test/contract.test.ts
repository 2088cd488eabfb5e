import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { compile, faultTexts, openapiJson, openapiYaml, resolve, spec } from '../src/contract.js'
import { Problem } from '../src/errors.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

interface Content {
  schema: { $ref?: string }
  examples?: Record<string, { $ref?: string; value?: unknown }>
}

interface Schema {
  $ref?: string
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: boolean
}

interface Operation {
  operationId: string
  security?: Record<string, string[]>[]
  'x-who-may-call'?: string
  description?: string
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, { $ref?: string; content?: Record<string, Content> }>
}

const operations = Object.values(spec.paths).flatMap((methods) => Object.values(methods) as unknown as Operation[])

t.test('the contract as JSON is the one as YAML, in the version of the package', async (t) => {
  t.strictSame(parse(openapiYaml), JSON.parse(openapiJson))
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.match(JSON.parse(openapiJson), { openapi: '3.0.3', info: { version }, servers: [{ url: '/api' }] })
})

t.test('the operations and statuses of the source are all there', async (t) => {
  const source: Record<string, [string, string, string[]]> = {
    getUserInfo: ['/user_info/', 'get', ['200', '401', '500']],
    listUsers: ['/user/', 'get', ['200', '401', '500']],
    createUser: ['/user/', 'post', ['201', '400', '401', '403', '500']],
    getUser: ['/user/{user_id}/', 'get', ['200', '401', '404', '500']],
    updateUser: ['/user/{user_id}/', 'put', ['200', '400', '401', '403', '404', '500']],
    partialUpdateUser: ['/user/{user_id}/', 'patch', ['200', '400', '401', '403', '404', '500']],
    deleteUser: ['/user/{user_id}/', 'delete', ['204', '401', '403', '404', '500']],
  }
  // What CONTRACT.md lets an operation add.
  const added = ['400', '405', '406', '409', '412', '413', '415', '422', '429', '503']
  for (const [id, [path, method, statuses]] of Object.entries(source)) {
    const operation = spec.paths[path]?.[method]
    t.equal(operation?.operationId, id)
    const declared = Object.keys(operation?.responses ?? {})
    t.strictSame(
      statuses.filter((status) => !declared.includes(status)),
      [],
      `${id} has the statuses of the source`,
    )
    t.strictSame(
      declared.filter((status) => !statuses.includes(status) && !added.includes(status)),
      [],
      `${id} has no others`,
    )
  }
})

t.test('every operation says who may call it', async (t) => {
  for (const { operationId, security, description, ...operation } of operations) {
    t.strictSame(security, operation['x-who-may-call'] === 'without-key' ? [] : [{ apiKey: [] }], operationId)
    t.match(operation['x-who-may-call'], /^(anyone|managers|managers-or-self|managers-not-self|self|without-key)$/)
    t.match(description, /./)
  }
})

t.test('every body has a named schema, and examples that fit it', async (t) => {
  for (const { operationId, requestBody, responses } of operations) {
    const answers = Object.entries(responses).map(([status, response]) => [status, resolve(response).content] as const)
    for (const [name, content] of [['request', requestBody?.content] as const, ...answers]) {
      if (content === undefined) {
        t.ok(name === '204' || name === 'request', `${operationId} ${name} has no body`)
        continue
      }
      t.strictSame(Object.keys(content), ['application/json'])
      const { schema, examples = {} } = content['application/json']!
      t.match(schema.$ref, /^#\/components\/schemas\//)
      t.ok(Object.keys(examples).length > 0, `${operationId} ${name} has examples`)
      const fits = compile(schema)
      for (const [example, value] of Object.entries(examples)) {
        t.ok(
          fits(structuredClone(resolve(value).value)),
          `${operationId} ${name}: ${example} ${JSON.stringify(fits.errors ?? '')}`,
        )
      }
      if (name < '400' || name === 'request') continue
      for (const value of Object.values(examples)) t.match(resolve(value).value, { status: Number(name) })
    }
  }
})

t.test('every schema is bounded', async (t) => {
  const visit = (schema: Record<string, unknown>, at: string): void => {
    const bounds: Record<string, string[]> = {
      array: ['maxItems', 'items'],
      integer: ['minimum', 'maximum', 'format'],
    }
    for (const bound of bounds[String(schema.type)] ?? []) t.ok(bound in schema, `${at} states ${bound}`)
    if (schema.type === 'string') t.ok('maxLength' in schema || 'enum' in schema, `${at} states its length`)
    for (const [name, child] of Object.entries(schema.properties ?? {}))
      visit(child as Record<string, unknown>, `${at}.${name}`)
    if (schema.items !== undefined) visit(schema.items as Record<string, unknown>, `${at}[]`)
  }
  for (const [name, schema] of Object.entries(spec.components.schemas)) visit(schema as Record<string, unknown>, name)
})

t.test('objects of answers have the named fields alone, those of requests say nothing of others', async (t) => {
  /** The objects with named fields that a schema is made of, by where they are. */
  const objects = (schema: Schema, at: string): [string, Schema][] => {
    const { properties = {}, items, ...self } = resolve(schema)
    const children = [...Object.entries(properties), ...(items ? ([['[]', items]] as const) : [])]
    return [
      ...(self.type === 'object' && Object.keys(properties).length > 0 ? [[at, self] as [string, Schema]] : []),
      ...children.flatMap(([name, child]) => objects(child, `${at}.${name}`)),
    ]
  }
  for (const { operationId, requestBody, responses } of operations) {
    const { schema = {} } = requestBody?.content['application/json'] ?? {}
    for (const [at, object] of objects(schema, operationId)) t.notOk('additionalProperties' in object, `request of ${at}`)
    for (const [status, response] of Object.entries(responses)) {
      const { schema = {} } = resolve(response).content?.['application/json'] ?? {}
      for (const [at, { additionalProperties }] of objects(schema, operationId)) t.equal(additionalProperties, false, `${status} of ${at}`)
    }
  }
})

t.test('it names no page but that of its license', async (t) => {
  const pages = [...openapiJson.matchAll(/"url": "(.*)"/g)].map(([, url]) => url)
  t.strictSame(pages, ['https://www.apache.org/licenses/LICENSE-2.0', '/api'])
})

t.test('every format is one that OpenAPI or its registry of formats names', async (t) => {
  const formats = [...openapiJson.matchAll(/"format": "(.*)"/g)].map(([, format]) => format)
  t.strictSame([...new Set(formats)].sort(), ['date-time', 'int32', 'int64', 'password', 'uuid'])
})

t.test('a reference is resolved, anything else is itself', async (t) => {
  const object: { $ref?: string } = {}
  t.equal(resolve(object), object)
  t.equal(resolve({ $ref: '#/components/schemas/Error' }), spec.components.schemas.Error)
})

t.test('every keyword has its text', async (t) => {
  const user = { $ref: '#/components/schemas/UserCreate' }
  const input = (fields: object): object => ({ username: 'a', profile: {}, ...fields })
  const profile = (fields: object): object => input({ profile: fields })
  const cases: readonly [string, object, unknown, string[]][] = [
    ['required', user, {}, ['username: is required', 'profile: is required']],
    [
      'required inside',
      { type: 'object', properties: { a: { type: 'object', required: ['b'] } } },
      { a: {} },
      ['a.b: is required'],
    ],
    ['type string', user, input({ username: 1 }), ['username: must be a string']],
    ['type boolean', user, input({ is_active: 'true' }), ['is_active: must be a boolean']],
    ['type array', user, profile({ groups: 'a' }), ['profile.groups: must be an array']],
    ['type object', user, input({ profile: [] }), ['profile: must be an object']],
    ['type of an item', user, profile({ groups: ['a', 1] }), ['profile.groups.1: must be a string']],
    ['type of the whole', user, 'a', ['body: must be an object']],
    ['another type', { type: 'number' }, 'a', ['body: must be of another type']],
    ['several types', { type: ['string', 'boolean'] }, 1, ['body: must be of another type']],
    ['null', user, input({ email: null }), ['email: must not be null']],
    ['nullable', user, profile({ authz_role_id: 1 }), ['profile.authz_role_id: must be a string']],
    ['null where it may be', user, profile({ authz_role_id: null }), []],
    ['integer', { type: 'integer', minimum: 1, maximum: 9 }, 10, ['body: must be an integer from 1 to 9']],
    [
      'enum',
      user,
      profile({ role: 'x' }),
      ['profile.role: must be one of Enterprise Admin, Viewer, Group Admin, Group Viewer'],
    ],
    ['minLength', user, input({ username: '' }), ['username: must have 1 to 150 characters']],
    ['maxLength', user, input({ first_name: 'a'.repeat(151) }), ['first_name: must have 0 to 150 characters']],
    ['length in code points', user, input({ first_name: '\u{1f600}'.repeat(150) }), []],
    ['maxItems', { type: 'array', maxItems: 1, items: {} }, [1, 2], ['body: must have at most 1 items']],
    [
      'x-max-distinct-items',
      user,
      profile({ groups: Array.from({ length: 201 }, (_, at) => String(at)) }),
      ['profile.groups: must have at most 200 different items'],
    ],
    ['pattern', user, input({ first_name: '\0' }), ['first_name: must have no control characters']],
    ['pattern of a password', user, input({ password: 'a\u0085' }), ['password: must have no control characters']],
    ['characters of a text', user, input({ first_name: 'a\ud800' }), ['first_name: must have no control characters']],
    ['characters of a text in astral planes', user, input({ first_name: '\u{1f600}' }), []],
    ['pattern of an address', user, input({ email: 'a' }), ['email: must be a valid e-mail address, or empty']],
    ['format uuid', user, profile({ enterprise: 'a' }), ['profile.enterprise: must be a uuid']],
    ['format date-time', { type: 'string', format: 'date-time' }, 'a', ['body: must be a date-time']],
    ['any other', { not: {} }, 1, ['body: is not as the contract says']],
  ]
  for (const [name, schema, data, texts] of cases) {
    await t.test(name, async (t) => {
      const validate = compile(schema)
      validate(data)
      t.strictSame(faultTexts(validate.errors ?? []), texts)
    })
  }
  await t.test('a keyword whose schema says nothing of itself', async (t) => {
    const bare = { instancePath: '', schemaPath: '', params: {}, parentSchema: {} }
    const errors = ['type', 'enum'].map((keyword) => ({ ...bare, keyword, instancePath: `/${keyword}` }))
    t.strictSame(faultTexts(errors), ['type: must be of another type', 'enum: must be one of '])
  })
  await t.test('characters of a username', async (t) => {
    const text = 'username: must have no control, format, separator or invisible characters, and no white space at its ends'
    const validate = compile(user)
    // Code points of Cc, Cf, Zl, Zp and a lone surrogate.
    for (const name of [
      ' a',
      'a\u00a0',
      '\u3000a',
      'a\u00adb',
      'a\u200bb',
      'a\u2028b',
      'a\u2029b',
      'a\0b',
      'a\ud800b',
      'a\u{e0001}b',
      'a\ufffbb',
    ]) {
      // A separator in a test's name would break its line in two.
      t.notOk(
        validate(input({ username: name })),
        name.replace(/[^ -~]/gu, (letter) => `\\u{${String(letter.codePointAt(0)?.toString(16))}}`),
      )
      t.strictSame(faultTexts(validate.errors ?? []), [text])
    }
    for (const name of ['a b', 'ä', '\u{1f600}', '日本', 'a@b.c']) t.ok(validate(input({ username: name })), name)
  })
  await t.test('characters that have no rule', async (t) => {
    t.throws(() => compile({ type: 'string', 'x-characters': 'visible' }), /x-characters/)
  })
  await t.test('another name for the whole', async (t) => {
    const validate = compile({ type: 'string', maxLength: 1 })
    validate('ab')
    t.strictSame(faultTexts(validate.errors ?? [], 'password'), ['password: must have 0 to 1 characters'])
  })
})

t.test('faults are listed once each, at most a hundred', async (t) => {
  const validate = compile({ type: 'array', items: { type: 'string' } })
  validate([1, 1])
  const twice = [...(validate.errors ?? []), ...(validate.errors ?? [])]
  t.strictSame(faultTexts(twice), ['0: must be a string', '1: must be a string'])
  const listed = (faults: number) => {
    const [first, ...others] = Array.from({ length: faults }, (_, at) => ({ code: 'duplicate', text: String(at) }) as const)
    return Problem.of([first!, ...others]).errors
  }
  t.equal(listed(100).length, 100)
  t.equal(listed(100).at(-1), '99')
  t.equal(listed(101).length, 101)
  t.equal(listed(101).at(-1), 'and 1 more')
  t.equal(listed(1000).at(-1), 'and 900 more')
})
