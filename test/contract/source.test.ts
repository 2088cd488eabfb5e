import { parse } from 'yaml'
import { openapiYaml, resolve } from '../../src/contract.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/**
 * The seven operations of the API that this one replaces, as its page states them. Existing clients rely on every line, so
 * nothing here may be renamed, dropped or retyped; things may be added.
 */
const USER = {
  id: 'integer',
  username: 'string',
  email: 'string',
  first_name: 'string',
  last_name: 'string',
  full_name: 'string',
  is_staff: 'boolean',
  is_superuser: 'boolean',
  is_active: 'boolean',
  profile: 'object',
  emm: 'object',
  last_login: 'string',
  token: 'string',
  has_emm: 'boolean',
  is_email_verified: 'boolean',
}
const WRITE = {
  username: 'string',
  password: 'string',
  first_name: 'string',
  last_name: 'string',
  is_active: 'boolean',
  email: 'string',
  profile: 'object',
}
const LIST = { count: 'integer', previous: 'string', next: 'string', results: 'array' }
const ERROR = { errors: 'array', message: 'string', status: 'integer' }

interface Pinned {
  readonly statuses: readonly number[]
  readonly answer?: Record<string, string>
  readonly body?: Record<string, string>
  readonly required?: readonly string[]
  readonly headers?: readonly string[]
  readonly path?: readonly string[]
}

const source: Record<string, Pinned> = {
  'get /user_info/': { statuses: [200, 401, 500], answer: USER, headers: ['X-Client-Id', 'X-Tenant'] },
  'get /user/': { statuses: [200, 401, 500], answer: LIST },
  'post /user/': { statuses: [201, 400, 401, 403, 500], answer: USER, body: WRITE, required: ['username', 'profile'] },
  'get /user/{user_id}/': { statuses: [200, 401, 404, 500], answer: USER, path: ['user_id'] },
  'put /user/{user_id}/': {
    statuses: [200, 400, 401, 403, 404, 500],
    answer: USER,
    body: WRITE,
    required: ['username', 'profile'],
    path: ['user_id'],
  },
  'patch /user/{user_id}/': {
    statuses: [200, 400, 401, 403, 404, 500],
    answer: USER,
    body: WRITE,
    required: [],
    path: ['user_id'],
  },
  'delete /user/{user_id}/': { statuses: [204, 401, 403, 404, 500], path: ['user_id'] },
}

interface Schema {
  readonly $ref?: string
  readonly type: string
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, Schema>>
}
interface Body {
  readonly $ref?: string
  readonly content?: { readonly 'application/json': { readonly schema: Schema } }
}
interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: Schema
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
  readonly security: unknown
}

const contract = parse(openapiYaml) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: unknown }
}

/** The declared types of an object's fields. */
function typesOf(body: Body | undefined): Record<string, string> {
  const schema = resolve(resolve(body!).content!['application/json'].schema)
  return Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, resolve(field).type]))
}

for (const [request, { statuses, answer, body, required, headers = [], path = [] }] of Object.entries(source)) {
  t.test(request, async (t) => {
    const [method = '', url = ''] = request.split(' ')
    const operation = contract.paths[url]?.[method]
    t.ok(operation, 'is there')
    if (operation === undefined) return
    t.strictSame(operation.security, [{ apiKey: [] }])
    const declared = Object.keys(operation.responses)
    for (const status of statuses) t.ok(declared.includes(String(status)), `declares ${String(status)}`)
    if (answer) t.match(typesOf(operation.responses[String(statuses[0])]), answer, 'fields of the answer')
    else t.equal(resolve(operation.responses['204']!).content, undefined, 'no body')
    for (const status of declared.filter((status) => status >= '400')) {
      t.match(typesOf(operation.responses[status]), ERROR, `fields of ${status}`)
    }
    if (body) {
      t.match(typesOf(operation.requestBody), body, 'fields of the request')
      const schema = resolve(operation.requestBody!.content!['application/json'].schema)
      t.strictSame(schema.required ?? [], required, 'no more and no less is required')
    } else t.equal(operation.requestBody, undefined)
    const parameters = (operation.parameters ?? []).map(resolve)
    const named = (place: string) => parameters.filter((parameter) => parameter.in === place).map(({ name }) => name)
    t.strictSame(named('header').filter((name) => headers.includes(name)), headers)
    t.strictSame(named('path'), path)
    t.ok(parameters.every((parameter) => parameter.required === (parameter.in === 'path')), 'none is newly required')
  })
}

t.test('the key is in Authorization', async (t) => {
  t.match(contract.components.securitySchemes, { apiKey: { type: 'apiKey', in: 'header', name: 'Authorization' } })
})
