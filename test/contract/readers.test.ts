import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import SwaggerParser from '@apidevtools/swagger-parser'
import { operations } from '../../generated/operations.js'
import { emptyFolder } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** Readers of OpenAPI that know nothing of Roster: one validates, one makes types, two generate clients. */
const run = promisify(execFile)
const folder = emptyFolder(t)
const ids = Object.keys(operations).sort()

/** The functions of a generated file. */
const functionsOf = (file: string, pattern: RegExp): (string | undefined)[] =>
  [...readFileSync(path.join(folder, file), 'utf8').matchAll(pattern)].map(([, name]) => name).sort()

t.test('swagger-parser finds it valid, with all references resolved', async (t) => {
  const { paths = {} } = await SwaggerParser.validate(path.resolve('openapi.yaml'))
  const found = Object.values(paths).flatMap((methods) => Object.values(methods as object) as { operationId: string }[])
  t.strictSame(found.map(({ operationId }) => operationId).sort(), ids)
})

/** Compiles files of the folder as they stand. */
const compiled = (...files: readonly string[]) => {
  const target = ['--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--module', 'esnext', '--moduleResolution', 'bundler']
  const paths = files.map((file) => path.join(folder, file))
  return run('node_modules/.bin/tsc', ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', ...target, ...paths])
}

/** A consumer of types of bodies: values typed by interfaces are bodies, and a field that the contract does not name is a mistake. */
const consumer = (imports: string): string => `
${imports}
interface Place { role: 'Viewer'; groups: string[] }
interface Person { username: string; first_name: string; profile: Place }
interface Credentials { username: string; password: string }
interface NamedKey { name: string }
export const create = (person: Person): UserCreate => person
export const change = (person: Person): UserUpdate => person
export const signIn = (credentials: Credentials): Login => credentials
export const makeKey = (key: NamedKey): ApiKeyCreate => key
// @ts-expect-error no such field
export const mistaken: UserCreate = { username: 'bob', profile: {}, frist_name: 'Bob' }
// @ts-expect-error no such field
export const mistakenChange: UserUpdate = { frist_name: 'Bob' }
// @ts-expect-error no such field
export const mistakenPlace: UserUpdate = { profile: { gruops: [] } }
// @ts-expect-error no such field
export const mistakenLogin: Login = { username: 'bob', password: '', tenant: 'acme' }
// @ts-expect-error no such field
export const mistakenKey: ApiKeyCreate = { name: 'bob', expires: 1 }
`
const BODIES = ['UserCreate', 'UserUpdate', 'Login', 'ApiKeyCreate']

t.test('openapi-typescript makes types of it that take interfaces and refuse mistyped names', async (t) => {
  await run('node_modules/.bin/openapi-typescript', ['openapi.yaml', '-o', path.join(folder, 'types.ts')])
  const named = BODIES.map((name) => `type ${name} = components['schemas']['${name}']`)
  writeFileSync(path.join(folder, 'of-types.ts'), consumer(["import type { components } from './types'", ...named].join('\n')))
  await t.resolves(compiled('of-types.ts'))
})

t.test('hey-api makes a client of it, which compiles', async (t) => {
  const out = path.join(folder, 'hey-api')
  await run('node_modules/.bin/openapi-ts', ['-i', 'openapi.yaml', '-o', out, '-c', '@hey-api/client-fetch', '--no-log-file'])
  t.strictSame(functionsOf('hey-api/sdk.gen.ts', /^export const (\w+) = /gm), ids)
  writeFileSync(path.join(folder, 'of-hey-api.ts'), consumer(`import type { ${BODIES.join(', ')} } from './hey-api'`))
  await t.resolves(compiled('hey-api/index.ts', 'of-hey-api.ts'))
})

t.test('oazapfts makes a client of it, whose types do the same', async (t) => {
  await run('node_modules/.bin/oazapfts', ['openapi.yaml', path.join(folder, 'oazapfts.ts')])
  t.strictSame(functionsOf('oazapfts.ts', /^export function (\w+)\(/gm), ids)
  // Its runtime is no dependency of this checkout, so the client itself is not checked.
  const made = path.join(folder, 'oazapfts.ts')
  writeFileSync(made, `// @ts-nocheck\n${readFileSync(made, 'utf8')}`)
  writeFileSync(path.join(folder, 'of-oazapfts.ts'), consumer(`import type { ${BODIES.join(', ')} } from './oazapfts'`))
  await t.resolves(compiled('of-oazapfts.ts'))
})
