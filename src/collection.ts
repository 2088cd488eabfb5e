/**
 * The contract as a collection that Postman and Bruno import: a folder a tag, a request an operation. Nothing in it is
 * random or dated, so that the same contract makes the same file. Nothing at run time imports this file.
 */
import { STATUS_CODES } from 'node:http'

interface Content {
  content?: { 'application/json': { examples: Record<string, { summary: string; value: unknown }> } }
}

interface Parameter {
  name: string
  in: string
  description: string
  example: unknown
  required: boolean
}

interface Operation {
  tags: string[]
  summary: string
  description: string
  parameters?: Parameter[]
  security: unknown[]
  requestBody?: Content
  responses: Record<string, Content & { description: string; headers: Record<string, { example: unknown }> }>
}

/** What the collection is made of: the contract, with every reference resolved. */
export interface ResolvedSpec {
  info: { title: string; version: string; description: string }
  servers: [{ url: string }]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
}

const json = (value: unknown): string => JSON.stringify(value, null, 2)
const examplesOf = ({ content }: Content) => Object.values(content?.['application/json'].examples ?? {})
const typeOf = ({ content }: Content) => (content ? [{ key: 'Content-Type', value: 'application/json' }] : [])
const fieldsOf = ({ parameters = [] }: Operation, place: string) =>
  parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, required, example, description }) => ({
      key: name,
      value: String(example),
      description,
      disabled: !required,
    }))

/** An operation that asks for no key makes one, and its tag has one that ends it: neither is for the key of the collection. */
const isSignIn = ({ security }: Operation): boolean => security.length === 0
const isSignOut = ({ summary }: Operation): boolean => summary === 'Sign out'
const isOwn = (operation: Operation): boolean => isSignIn(operation) || isSignOut(operation)
const ownHeaders = (operation: Operation) =>
  isSignOut(operation) ? [{ key: 'Authorization', value: 'Bearer {{sign_in_key}}' }] : []
/** The variables that a request needs and that are empty at first: a user or an earlier answer sets them. */
const neededBy = (operation: Operation): string[] => (isSignIn(operation) ? ['password'] : isSignOut(operation) ? ['sign_in_key'] : [])
const signInFields = (operation: Operation) =>
  fieldsOf(operation, 'header').map((field) => (isSignIn(operation) && !field.disabled ? { ...field, value: '{{tenant}}' } : field))
/** Who signs in is for the user of the collection to say. */
const variablesFor = (operation: Operation, value: unknown): unknown =>
  isSignIn(operation) ? Object.fromEntries(Object.keys(value as object).map((name) => [name, `{{${name}}}`])) : value

function requestOf(method: string, path: string, operation: Operation) {
  const { requestBody = {} } = operation
  const [body, ...others] = examplesOf(requestBody)
  const otherBodies = others.map(({ summary, value }) => `${summary}: \`${JSON.stringify(value)}\``)
  const segments = path.replaceAll(/\{(\w+)\}/g, ':$1').slice(1).split('/')
  return {
    method: method.toUpperCase(),
    description: [operation.description, ...otherBodies].join('\n\n'),
    ...(isOwn(operation) ? { auth: { type: 'noauth' } } : {}),
    header: [...typeOf(requestBody), ...ownHeaders(operation), ...signInFields(operation)],
    body: body && { mode: 'raw', raw: json(variablesFor(operation, body.value)), options: { raw: { language: 'json' } } },
    url: {
      raw: `{{baseUrl}}/${segments.join('/')}`,
      host: ['{{baseUrl}}'],
      path: segments,
      query: fieldsOf(operation, 'query'),
      variable: fieldsOf(operation, 'path').map(({ key, description }) => ({ key, value: `{{${key}}}`, description })),
    },
  }
}

/** The answers that the contract shows. One that never has a body is shown by its description. */
function savedOf({ responses }: Operation, { method, url: { raw } }: ReturnType<typeof requestOf>) {
  return Object.entries(responses).flatMap(([code, response]) => {
    const header = Object.entries(response.headers).map(([key, { example }]) => ({ key, value: String(example) }))
    const examples = response.content ? examplesOf(response) : [{ summary: response.description, value: undefined }]
    return examples.map(({ summary, value }) => ({
      name: `${code} ${summary}`,
      originalRequest: { method, url: raw },
      code: Number(code),
      status: STATUS_CODES[code],
      header: [...typeOf(response), ...header],
      body: json(value),
      _postman_previewlanguage: 'json',
    }))
  })
}

/** A collection of the contract, in the format 2.1. */
export function collectionOf({ info, servers, tags, paths }: ResolvedSpec): object {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const inPaths = all.flatMap(({ operation }) => fieldsOf(operation, 'path'))
  const ids = Object.fromEntries(inPaths.map(({ key, value }) => [key, value]))
  // Runs after the answer. The requests that follow one that creates are for what it created.
  const scriptOf = (path: string, responses: Operation['responses']) => {
    const [status = ''] = Object.keys(responses)
    const created = Object.keys(ids).filter((id) => status === '201' && `${path}{${id}}/` in paths)
    // What the answer says of the key is where the requests about keys begin.
    const [{ value } = { value: undefined }] = examplesOf(responses[status] ?? {})
    const told = typeof (value as { user?: unknown } | undefined)?.user === 'string'
    return [
      `pm.test('status ${status}', () => pm.response.to.have.status(${status}))`,
      ...created.map((id) => `pm.collectionVariables.set('${id}', pm.response.json().id)`),
      ...(path === '/login/' ? ["pm.collectionVariables.set('sign_in_key', pm.response.json().api_key?.key)"] : []),
      ...(told ? ["pm.collectionVariables.set('user_id', pm.response.json().user)"] : []),
    ]
  }
  const itemOf = ({ method, path, operation }: (typeof all)[number]) => {
    const request = requestOf(method, path, operation)
    const skips = neededBy(operation).map((name) => `if (!pm.variables.get('${name}')) pm.execution.skipRequest()`)
    const scripts = { prerequest: skips, test: scriptOf(path, operation.responses) }
    const event = Object.entries(scripts)
      .filter(([, exec]) => exec.length > 0)
      .map(([listen, exec]) => ({ listen, script: { type: 'text/javascript', exec } }))
    return { name: operation.summary, event, request, response: savedOf(operation, request) }
  }
  const auth = { key: 'Authorization', value: 'Bearer {{key}}', in: 'header' }
  // The address is where the server listens when nothing else is set.
  const variables = { baseUrl: `http://127.0.0.1:3000${servers[0].url}`, key: '', tenant: '', username: '', password: '', sign_in_key: '', ...ids }
  const texts = (values: Record<string, string>) =>
    Object.entries(values).map(([key, value]) => ({ key, value, type: 'string' }))
  return {
    info: {
      name: info.title,
      version: info.version,
      description: info.description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'apikey', apikey: texts(auth) },
    variable: texts(variables),
    item: tags.map(({ name, description }) => ({
      name,
      description,
      item: all.filter(({ operation }) => operation.tags.includes(name)).map(itemOf),
    })),
  }
}
