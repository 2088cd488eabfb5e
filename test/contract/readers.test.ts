import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import SwaggerParser from '@apidevtools/swagger-parser'
import { operations } from '../../generated/operations.js'
import { emptyFolder } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** Readers of OpenAPI that know nothing of Roster: one validates, two generate clients. openapi-typescript made `generated/`. */
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

t.test('hey-api makes a client of it, which compiles', async (t) => {
  const out = path.join(folder, 'hey-api')
  await run('node_modules/.bin/openapi-ts', ['-i', 'openapi.yaml', '-o', out, '-c', '@hey-api/client-fetch', '--no-log-file'])
  t.strictSame(functionsOf('hey-api/sdk.gen.ts', /^export const (\w+) = /gm), ids)
  const target = ['--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--module', 'esnext', '--moduleResolution', 'bundler']
  await run('node_modules/.bin/tsc', ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', ...target, path.join(out, 'index.ts')])
})

t.test('oazapfts makes a client of it', async (t) => {
  await run('node_modules/.bin/oazapfts', ['openapi.yaml', path.join(folder, 'oazapfts.ts')])
  t.strictSame(functionsOf('oazapfts.ts', /^export function (\w+)\(/gm), ids)
})
