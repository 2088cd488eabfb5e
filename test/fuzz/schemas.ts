import fc from 'fast-check'
import { compile, resolve } from '../../src/contract.js'

/** The parts of a JSON schema that the contract uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly nullable?: boolean
  readonly enum?: readonly unknown[]
  readonly example?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly 'x-nfkc-length'?: { readonly minimum: number; readonly maximum: number }
}

/** Values of which the schema does not say that only they fit, by the name of the property or parameter. */
export type Known = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** Arrays of this length at most are made, whatever more the schema allows. */
const MOST_ITEMS = 8

/** Whether a schema of the contract, and what it says of lengths after NFKC, allows a value. */
export function fits(schema: Schema): (value: unknown) => boolean {
  // A property, since a schema with a default may not stand alone.
  const validate = compile({ type: 'object', properties: { value: schema } })
  const length = schema['x-nfkc-length']
  return (value) => {
    if (!validate({ value })) return false
    if (length === undefined || value === '') return true
    const characters = Array.from(String(value).normalize('NFKC')).length
    return characters >= length.minimum && characters <= length.maximum
  }
}

function strings(schema: Schema): fc.Arbitrary<unknown> {
  const { format, pattern, minLength = 0, maxLength = 64 } = schema
  if (format === 'uuid') return fc.uuid()
  if (format === 'date-time') {
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString())
  }
  const ok = fits(schema)
  const lengths = { minLength: schema['x-nfkc-length']?.minimum ?? minLength, maxLength }
  const plain = [
    fc.string({ ...lengths, unit: 'grapheme-ascii' }),
    fc.string({ ...lengths, unit: 'grapheme' }),
    fc.string({ ...lengths, unit: 'binary' }),
    fc.constantFrom('a'.repeat(lengths.minLength), 'é'.repeat(maxLength), '😀'.repeat(lengths.minLength + 1)),
  ]
  const usable = ok('x'.repeat(Math.max(1, lengths.minLength)))
  const some = usable || pattern === undefined ? plain : [fc.stringMatching(new RegExp(pattern))]
  const edges = ['', schema.example].filter((edge) => edge !== undefined && ok(edge))
  return fc.oneof(...some.map((arbitrary) => arbitrary.filter(ok)), ...edges.map((edge) => fc.constant(edge)))
}

function integers({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Schema): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: minimum, max: Math.min(maximum, minimum + 50) }),
    fc.maxSafeInteger().filter((value) => value >= minimum && value <= maximum),
    fc.constantFrom(minimum, maximum),
  )
}

function objects(schema: Schema, known: Known): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema
  const named = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, known[name] ?? valid(one, known)]))
  const record = fc.record(named, { requiredKeys: required as string[] })
  if (schema.additionalProperties === false) return record
  // An unknown field is ignored, whatever it is.
  const unknown = fc.dictionary(fc.constantFrom('is_customer', 'is_superuser', 'id', 'constructor', 'x'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 })
  return fc.tuple(record, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: unknown })).map(
    ([fields, others]) => ({ ...others, ...fields }),
  )
}

/** Values that a schema of the contract allows. */
export function valid(reference: Schema, known: Known = {}): fc.Arbitrary<unknown> {
  const schema = resolve(reference)
  const one = ofType(schema, known)
  return schema.nullable === true ? fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: fc.constant(null) }) : one
}

function composed({ oneOf, anyOf = oneOf, allOf }: Schema, known: Known): fc.Arbitrary<unknown> | undefined {
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((choice) => valid(choice, known)))
  return allOf && fc.tuple(...allOf.map((part) => valid(part, known))).map((parts) => Object.assign({}, ...parts) as unknown)
}

function numbers({ minimum = -1e9, maximum = 1e9 }: Schema): fc.Arbitrary<number> {
  return fc.double({ min: minimum, max: maximum, noNaN: true })
}

function arrays({ items = {}, minItems = 0, maxItems = MOST_ITEMS }: Schema, known: Known): fc.Arbitrary<unknown[]> {
  return fc.array(valid(items, known), { minLength: minItems, maxLength: Math.min(maxItems, Math.max(MOST_ITEMS, minItems)) })
}

function ofType(schema: Schema, known: Known): fc.Arbitrary<unknown> {
  const parts = composed(schema, known)
  if (parts !== undefined) return parts
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'string':
      return strings(schema)
    case 'integer':
      return integers(schema)
    case 'number':
      return numbers(schema)
    case 'boolean':
      return fc.boolean()
    case 'array':
      return arrays(schema, known)
    case 'object':
      return objects(schema, known)
    default:
      return fc.jsonValue()
  }
}
