/**
 * Writes `generated/` from the `openapi.yaml` of this folder (`make generate`): the types, the operations table, the
 * bundled JSON spec and the collection of requests. Nothing at run time imports this file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import SwaggerParser from '@apidevtools/swagger-parser'
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { parse } from 'yaml'
import { collectionOf, type ResolvedSpec } from './collection.js'

interface Parameter {
  $ref?: string
  name: string
  in: string
  schema: { default?: unknown }
}

interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: unknown
  responses: Record<string, unknown>
  security: unknown[]
  'x-who-may-call': string
  'x-read-only-key'?: string
}

interface Spec {
  servers: [{ url: string }]
  paths: Record<string, Record<string, Operation>>
  components: { parameters: Record<string, Parameter> }
}

// `generated`, or another folder to compare it with.
const [, , target = 'generated'] = process.argv
const banner = '// Generated from openapi.yaml by `make generate`. Do not edit.\n\n'

const spec = parse(readFileSync('openapi.yaml', 'utf8')) as Spec

function resolve(parameter: Parameter): Parameter {
  const name = parameter.$ref?.split('/').at(-1)
  return name === undefined ? parameter : (spec.components.parameters[name] as Parameter)
}

function queryDefaults(operation: Operation): Record<string, unknown> {
  const query = (operation.parameters ?? []).map(resolve).filter((parameter) => parameter.in === 'query')
  return Object.fromEntries(
    query.filter(({ schema }) => schema.default !== undefined).map(({ name, schema }) => [name, schema.default]),
  )
}

function operationsTable(): string {
  const table = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [
      operation.operationId,
      {
        method: method.toUpperCase(),
        path,
        whoMayCall: operation['x-who-may-call'],
        needsKey: operation.security.length > 0,
        readOnlyKey: operation['x-read-only-key'] ?? (method === 'get' ? 'allowed' : 'refused'),
        hasBody: operation.requestBody !== undefined,
        queryDefaults: queryDefaults(operation),
        statuses: Object.keys(operation.responses).map(Number),
      },
    ]),
  )
  return (
    banner +
    '/** The path that all operations are mounted under: `servers` of the contract. */\n' +
    `export const apiPrefix = ${JSON.stringify(spec.servers[0].url)}\n\n` +
    '/** Every operation of the contract: where it is, who may call it, and every status it can send. */\n' +
    `export const operations = ${JSON.stringify(Object.fromEntries(table), null, 2)} as const\n`
  )
}

const resolved = await SwaggerParser.dereference(structuredClone(spec) as never)
const types = await openapiTypescript(spec as unknown as OpenAPI3, { defaultNonNullable: false })

writeFileSync(path.join(target, 'openapi.d.ts'), banner + astToString(types))
writeFileSync(path.join(target, 'operations.ts'), operationsTable())
writeFileSync(path.join(target, 'spec.json'), `${JSON.stringify(spec, null, 2)}\n`)
const collection = collectionOf(resolved as unknown as ResolvedSpec)
writeFileSync(path.join(target, 'roster.postman_collection.json'), `${JSON.stringify(collection, null, 2)}\n`)
