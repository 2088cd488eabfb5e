import { operations } from '../../generated/operations.js'
import { compile, faultTexts, resolve, spec } from '../../src/contract.js'
import type { OperationId } from '../../src/handlers/seam.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

interface Example {
  readonly $ref?: string
  readonly value?: unknown
}

interface Described {
  readonly $ref?: string
  readonly schema?: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, Example>>
}

/** Every place of the contract that has a schema and examples of it, by its path. */
function exampled(node: unknown, at = '#'): { at: string; schema: object; value: unknown }[] {
  if (typeof node !== 'object' || node === null) return []
  const { schema, example, examples, ...rest } = node as Described & Record<string, unknown>
  const inner = Object.entries(rest).flatMap(([name, child]) => exampled(child, `${at}/${name}`))
  // A schema's own example stands in the schema.
  const own = example === undefined ? [] : [{ at: `${at}/example`, schema: schema ?? rest, value: example }]
  const named = Object.entries(schema === undefined ? {} : (examples ?? {})).map(([name, named]) => ({
    at: `${at}/examples/${name}`,
    schema: schema as object,
    value: resolve(named).value,
  }))
  return [...own, ...named, ...(schema === undefined ? [] : exampled(schema, `${at}/schema`)), ...inner]
}

const all = exampled(spec)
const directory = await makeDirectory(t)

t.test('every example is what its schema says', async (t) => {
  t.ok(all.length > 70, `${String(all.length)} examples`)
  for (const { at, schema, value } of all) {
    // As a property, for a schema may have a default, which makes no sense at the root.
    const validate = compile({ type: 'object', properties: { value: schema } })
    t.ok(validate({ value }), `${at} ${faultTexts(validate.errors ?? []).join('; ')}`)
  }
})

t.test('an example that is not is found', async (t) => {
  const [wrong] = exampled({ schema: { type: 'integer', minimum: 2 }, examples: { low: { value: 1 } } })
  t.notOk(compile(wrong!.schema)(wrong!.value))
})

interface Operation {
  readonly operationId: OperationId
  readonly requestBody?: { readonly content: { readonly 'application/json': Described } }
}

t.test('every request example is answered with the declared success', async (t) => {
  const bodies = Object.values(spec.paths).flatMap((methods) =>
    Object.values(methods as Record<string, Operation>).flatMap(({ operationId, requestBody }) =>
      Object.entries(requestBody?.content['application/json'].examples ?? {}).map(([name, example]) => ({
        operationId,
        name,
        value: resolve(example).value,
      })),
    ),
  )
  t.ok(bodies.length >= 7, `${String(bodies.length)} request examples`)
  for (const { operationId, name, value } of bodies) {
    if (operationId === 'login') continue
    const { method, path, statuses } = operations[operationId]
    const { username = 'nobody' } = value as { username?: string }
    const target = method === 'POST' ? { id: directory.acme.user_id } : await directory.create({ username: `${username}-${operationId}-${name}` })
    const answer = await directory.call(`${method} ${path.replace('{user_id}', String(target.id))}`, {
      key: directory.superuser,
      json: value,
    })
    t.equal(answer.statusCode, statuses[0], `${operationId} ${name}`)
    // The next example may use the same name.
    const { id } = answer.json<{ id: number | string }>()
    await directory.call(`DELETE /user/${String(id)}/`, { key: directory.superuser })
  }
})
