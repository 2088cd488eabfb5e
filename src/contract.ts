import { readFileSync } from 'node:fs'
import { _, Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { components } from '../generated/openapi.js'
import { isName, isText, isUsername } from './names.js'

/** The contract as text, as it was written by hand. */
export const openapiYaml = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')

/** The contract as JSON text, bundled from `openapi.yaml` by `make generate`. */
export const openapiJson = readFileSync(new URL('../../generated/spec.json', import.meta.url), 'utf8')

interface Reference {
  readonly $ref?: string
}

/** A response of the contract: its headers, and the schema of its body if it has one. */
export interface Response extends Reference {
  readonly headers?: Readonly<Record<string, Reference & { readonly required?: boolean; readonly schema: object }>>
  readonly content?: { readonly 'application/json': { readonly schema: object } }
}

/** The parts of the contract that the server reads at run time. */
export interface Spec {
  readonly info: { readonly version: string }
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { operationId: string; responses: Readonly<Record<string, Response>> }>>>
  >
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** The contract. */
export const spec = JSON.parse(openapiJson) as Spec

/** The object itself, or the one of the contract that it refers to. */
export function resolve<T extends Reference>(object: T): T {
  if (object.$ref === undefined) return object
  return object.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], spec) as T
}

/**
 * The validator of the contract: nothing is coerced, only query parameters have defaults, and all faults are found.
 * Lengths are code points, patterns are Unicode ones.
 */
export const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  useDefaults: true,
  strictTypes: false,
  validateFormats: true,
  // `make check` validates the contract; to do it again takes a fifth of the start of a command.
  validateSchema: false,
})
addFormats.default(ajv, { mode: 'fast' })
ajv.addVocabulary(['example', 'components', 'x-nfkc-length'])
ajv.addKeyword({
  keyword: 'x-max-distinct-items',
  type: 'array',
  schemaType: 'number',
  validate: (most: number, items: unknown[]) => new Set(items).size <= most,
})

/** The rules that a portable `pattern` can't express, by the value of `x-characters`. */
const CHARACTERS: Readonly<Record<string, (text: string) => boolean>> = { text: isText, name: isName, username: isUsername }
ajv.addKeyword({
  keyword: 'x-characters',
  type: 'string',
  schemaType: 'string',
  metaSchema: { enum: Object.keys(CHARACTERS) },
  // Inlined code: a keyword with a `validate` function nearly doubles the time to validate a body.
  code: (context) => {
    const test = context.gen.scopeValue('func', { ref: CHARACTERS[context.schema as string] })
    context.fail(_`!${test}(${context.data})`)
  },
})

ajv.addSchema({ components: spec.components }, 'contract')

/** Validators of schemas that have no name in the contract, by the schema itself. */
const unnamed = new Map<object, ValidateFunction>()

/** The validator of a schema of the contract. Making one takes milliseconds, so each is made once, and all share their parts. */
export function compile(schema: object): ValidateFunction {
  const { $ref } = schema as Reference
  if ($ref !== undefined) return ajv.getSchema(`contract${$ref}`) as ValidateFunction
  const validate = unnamed.get(schema) ?? ajv.compile({ ...schema, components: spec.components })
  unnamed.set(schema, validate)
  return validate
}

interface Bounds {
  readonly type?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly 'x-max-distinct-items'?: number
  readonly 'x-characters'?: 'text' | 'name' | 'username'
  /** Code points after NFKC; what `maxLength` can't say. A rule sees to it. */
  readonly 'x-nfkc-length'?: { readonly minimum: number; readonly maximum: number }
}

const { Email, Password } = spec.components.schemas as Record<keyof components['schemas'], Bounds>

/** Code points that a password may have after NFKC. */
export const passwordLength = Password['x-nfkc-length'] as NonNullable<Bounds['x-nfkc-length']>

const ARTICLES: Readonly<Record<string, string>> = { string: 'a string', boolean: 'a boolean', array: 'an array', object: 'an object' }

function patternText(schema: Bounds, value: unknown): string {
  if (schema.pattern === Email.pattern) return 'must be a valid e-mail address, or empty'
  if (schema['x-characters'] === 'username') {
    return 'must have no control, format, separator or invisible characters, and no white space at its ends'
  }
  if (schema['x-characters'] === 'name' && isText(String(value))) return 'must have no invisible characters, and at least one visible character'
  return schema.format === undefined || schema.format === 'password'
    ? 'must have no control characters'
    : `must be a ${schema.format}`
}

/** How a length out of bounds is told. */
export function lengthText({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }): string {
  return `must have ${String(minimum)} to ${String(maximum)} characters`
}

function lengthOf({ 'x-nfkc-length': nfkc, minLength = 0, maxLength = Infinity }: Bounds) {
  return nfkc ?? { minimum: minLength, maximum: maxLength }
}

function what(error: ErrorObject): string {
  const schema = error.parentSchema as Bounds
  if (schema.type === 'integer') return `must be an integer from ${String(schema.minimum)} to ${String(schema.maximum)}`
  switch (error.keyword) {
    case 'required':
      return 'is required'
    case 'type':
      return error.data === null ? 'must not be null' : `must be ${ARTICLES[schema.type ?? ''] ?? 'of another type'}`
    case 'enum':
      return `must be one of ${(schema.enum ?? []).join(', ')}`
    case 'minLength':
    case 'maxLength':
      return lengthText(lengthOf(schema))
    case 'maxItems':
      return `must have at most ${String(schema.maxItems)} items`
    case 'x-max-distinct-items':
      return `must have at most ${String(schema['x-max-distinct-items'])} different items`
    case 'pattern':
    case 'x-characters':
    case 'format':
      return patternText(schema, error.data)
    default:
      return 'is not as the contract says'
  }
}

/** What a validator found at its last call, as texts. */
export function faultsFound({ errors }: ValidateFunction): string[] {
  return faultTexts(errors as ErrorObject[])
}

/**
 * Validation errors as `field: what is wrong`, one a fault. They never repeat a value: paths are made of the contract's names
 * and of array positions.
 *
 * @param whole what to call the value itself, when the fault is not one of a field
 */
export function faultTexts(errors: readonly ErrorObject[], whole = 'body'): string[] {
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath))
  // What has the wrong type breaks other rules for that alone.
  const told = errors.filter(({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath))
  const texts = told.map((error) => {
    const missing = error.keyword === 'required' ? [(error.params as { missingProperty: string }).missingProperty] : []
    const path = [...error.instancePath.split('/').slice(1), ...missing].join('.')
    return `${path || whole}: ${what(error)}`
  })
  return [...new Set(texts)]
}
