import fc from 'fast-check'
import { apiPrefix, operations } from '../../generated/operations.js'
import { resolve, spec } from '../../src/contract.js'
import type { OperationId } from '../../src/handlers/seam.js'
import { JUNK, type Mutation, mutations } from './mutations.js'
import { type Known, type Schema, valid } from './schemas.js'
import { CALLERS, type Target, TARGETS, type Who } from './world.js'

/** A parameter of the contract. */
export interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}

/** An operation of the contract, as far as the fuzzer needs it. */
export interface Operation {
  readonly id: OperationId
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Schema | undefined
  /** No key is asked for. */
  readonly open: boolean
}

interface SpecOperation {
  readonly operationId: OperationId
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: { readonly 'application/json'?: { readonly schema: Schema } } }
  readonly security?: readonly unknown[]
}

/** Every operation of the contract. */
export const all: readonly Operation[] = Object.values(spec.paths)
  .flatMap((methods) => Object.values(methods) as unknown as SpecOperation[])
  .map(({ operationId: id, parameters = [], requestBody, security }) => ({
    id,
    method: operations[id].method,
    path: operations[id].path,
    parameters: parameters.map(resolve),
    body: requestBody?.content['application/json']?.schema,
    open: security?.length === 0,
  }))

/** A part of a path: text, or an id that is known once the request is sent. */
export type Segment = string | { readonly target: Target; readonly pick: number }

/** What went over the wire of a request. */
export interface Sent {
  readonly url: string
  readonly payload: string | Buffer | undefined
}

/** A request that is not sent yet. Mutations change it. */
export interface Draft {
  readonly operation: Operation
  method: string
  prefix: string
  segments: Segment[]
  query: [name: string, value: string][]
  headers: Record<string, string>
  /** The body as a value; undefined for none. */
  body: unknown
  /** Makes the bytes of the body, where they are not the value's JSON. */
  encode: ((json: string) => string | Buffer) | undefined
  who: Who
  /** What was done to it, for people; empty for a valid request. */
  done: string[]
  /** What was sent and answered, once it was. */
  sent?: Sent
  status?: number
}

/** What the contract does not say of a value, without which few requests would be more than refused. */
function knownFor(acme: string): Known {
  return {
    enterprise: fc.constant(acme),
    'X-Tenant': fc.constant('acme'),
    'X-Client-Id': fc.constant('console'),
    // Mostly states that the user is in, and keys that are new.
    'If-Match': fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: fc.constantFrom('"x"', 'W/"x"', '"a", "b"') }),
    'Idempotency-Key': fc.oneof({ weight: 4, arbitrary: fc.uuid() }, { weight: 1, arbitrary: fc.constantFrom('"k-1"', 'k-2') }),
    // Mostly pages that there are.
    offset: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.maxSafeNat()),
    password: fc.oneof(
      { weight: 6, arbitrary: valid({ $ref: '#/components/schemas/Password' }).map((text) => (text === '' ? '' : `${PASSWORD_MARK}${String(text)}`.slice(0, 300))) },
      { weight: 1, arbitrary: fc.constantFrom('password', '12345678', 'adam@acme.example') },
    ),
  }
}

/** At the start of every password that is sent. */
export const PASSWORD_MARK = 'zqSecretWord'

const idSegment: fc.Arbitrary<Segment> = fc.record({
  target: fc.oneof({ weight: 4, arbitrary: fc.constant('member' as const) }, { weight: 4, arbitrary: fc.constantFrom(...TARGETS) }),
  pick: fc.nat(1000),
})

/** Path, query and header of an operation, as the contract allows them. */
function parametersOf({ parameters }: Operation, known: Known) {
  const values = (place: Parameter['in']): fc.Arbitrary<Record<string, unknown>> => {
    const there = parameters.filter((parameter) => parameter.in === place)
    const fields = there.map(({ name, schema }) => [name, known[name] ?? valid(schema, known)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: there.filter(({ required }) => required).map(({ name }) => name) })
  }
  return { query: values('query'), header: values('header') }
}

function segmentsOf({ path, parameters }: Operation): fc.Arbitrary<Segment[]> {
  const parts = path.split('/').filter((part) => part !== '')
  return fc.tuple(
    ...parts.map((part): fc.Arbitrary<Segment> => {
      const name = /^\{(.*)\}$/.exec(part)?.[1]
      if (name === undefined) return fc.constant(part)
      const { schema } = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)!
      return resolve(schema).type === 'integer' ? idSegment : valid(schema).map((value) => encodeURIComponent(String(value)))
    }),
  )
}

const isWellFormed = (text: string): boolean => !/[\ud800-\udfff]/.test(text.replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, ''))

/** A request that the contract allows, from somebody with a key that is valid. */
export function validRequest(operation: Operation, acme: string): fc.Arbitrary<Draft> {
  const known = knownFor(acme)
  const { query, header } = parametersOf(operation, known)
  const unknownParameters = fc.constantFrom<[string, string][]>([], [], [['format', 'json']], [['a[b]', 'c'], ['__proto__', 'x']])
  const who = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Who>('superuser') },
    { weight: 3, arbitrary: fc.constant<Who>('admin') },
    { weight: 2, arbitrary: fc.constant<Who>('viewer') },
  )
  const body = operation.body === undefined ? fc.constant(undefined) : valid(operation.body, known)
  return fc.tuple(segmentsOf(operation), query, header, body, who, unknownParameters).map(([segments, parameters, headers, value, sender, more]) => ({
    operation,
    method: operation.method,
    prefix: apiPrefix,
    segments,
    query: [...Object.entries(parameters).map(([name, one]): [string, string] => [name, String(one)]), ...more],
    headers: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, String(one)])),
    body: value,
    encode: undefined,
    who: sender,
    done: [],
  })).filter(({ query }) => query.every(([, value]) => isWellFormed(value)))
}

/** A request that is valid but for one to three mutations, from anybody. */
export function invalidRequest(operation: Operation, acme: string): fc.Arbitrary<Draft> {
  const mutation: fc.Arbitrary<Mutation> = fc.constantFrom(...mutations.filter(({ needsBody }) => needsBody !== true || operation.body !== undefined))
  const step = fc.record({ mutation, pick: fc.nat(), junk: fc.constantFrom(...JUNK) })
  const who = fc.oneof({ weight: 2, arbitrary: fc.constant<Who>('superuser') }, { weight: 3, arbitrary: fc.constantFrom<Who>(...CALLERS) })
  return fc.tuple(validRequest(operation, acme), fc.array(step, { minLength: 1, maxLength: 3 }), who).map(([draft, steps, sender]) => {
    const mutant: Draft = { ...draft, body: structuredClone(draft.body), segments: [...draft.segments], query: [...draft.query], headers: { ...draft.headers }, who: sender, done: [sender] }
    for (const { mutation: { name, apply }, pick, junk } of steps) {
      // Or what one mutation puts into it would be in all later requests.
      apply(mutant, pick, structuredClone(junk))
      mutant.done.push(name)
    }
    return mutant
  })
}
