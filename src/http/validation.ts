import type { ErrorObject } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { compile } from '../contract.js'

interface ParametersSchema {
  readonly properties: Readonly<Record<string, { readonly type?: string }>>
}

const DECIMAL = /^(?:0|[1-9]\d*)$/

function readIntegers({ properties }: ParametersSchema, parameters: Record<string, unknown>): void {
  for (const [name, { type }] of Object.entries(properties)) {
    const value = parameters[name]
    if (type === 'integer' && typeof value === 'string' && DECIMAL.test(value)) parameters[name] = Number(value)
  }
}

/**
 * Compiles the contract's schemas for Fastify. Bodies are taken as they are; in a query, plain decimal digits become
 * integers. Headers have no faults of their own here: `X-Tenant` and `X-Client-Id` answer 401 whatever is wrong with them.
 */
export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  if (httpPart === 'headers') return () => true
  return (data: unknown) => {
    // Made at the first request that needs it, so that the server starts sooner.
    const validate = compile(schema)
    if (httpPart === 'querystring') readIntegers(schema as ParametersSchema, data as Record<string, unknown>)
    if (validate(data)) return true
    return { error: new SchemaFaults(validate.errors as ErrorObject[]) }
  }
}

/** What a schema refused; attached to the request, and answered by `wire.ts` together with the rules' faults. */
export class SchemaFaults extends Error {
  override readonly name = 'SchemaFaults'

  /** @param errors all that Ajv found */
  constructor(readonly errors: readonly ErrorObject[]) {
    super('the request breaks its schema')
  }
}
