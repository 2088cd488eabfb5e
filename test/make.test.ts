import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { on } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { emptyFolder } from './helpers/database.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

const env = { PATH: process.env.PATH, HOME: process.env.HOME }

const PASSING = `
import { thisFile } from './helpers/this-file.js'
thisFile().test('adds', async (t) => t.equal(1 + 1, 2))
`

/** A checkout with this checkout's dependencies, where tests may edit sources and run make. */
function checkout(): string {
  const folder = emptyFolder(t)
  for (const name of ['src', 'generated', 'migrations', 'test', 'Makefile', 'package.json', 'package-lock.json', 'tsconfig.json', 'LICENSE', 'openapi.yaml']) {
    cpSync(name, path.join(folder, name), { recursive: true, preserveTimestamps: true })
  }
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
  writeFileSync(path.join(folder, 'test/small.test.ts'), PASSING)
  const run = readFileSync('test/run.ts', 'utf8')
  writeFileSync(path.join(folder, 'test/run.ts'), run.replace("'names.test.js'", "'names.test.js', 'small.test.js'"))
  return folder
}

const folder = checkout()
const small = path.join(folder, 'test/small.test.ts')

/** The output of make, and whether make succeeded. */
function makeOn(PATH: string | undefined, ...args: string[]): { output: string; ok: boolean } {
  try {
    return { output: execFileSync('make', ['-s', ...args], { cwd: folder, env: { ...env, PATH }, encoding: 'utf8', stdio: 'pipe' }), ok: true }
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return { output: stdout + stderr, ok: false }
  }
}

const make = (...args: string[]) => makeOn(env.PATH, ...args)

t.test('make t builds what was edited, and runs the tests that f names', async (t) => {
  t.match(make('t', 'f=small'), { ok: true, output: /small\.test\.js: 1 passed, 0 failed/ })
  t.ok(existsSync(path.join(folder, 'dist/client/package.json')), 'the whole build')
  t.match(make('--question', 'build'), { ok: true }, 'up to date')

  writeFileSync(small, PASSING.replace('2)', '3)'))
  t.match(make('t', 'f=small'), { ok: false, output: /not ok 1 - should be equal/ }, 'the edit is seen')
  t.match(make('t', 'f=smal'), { ok: false, output: /no such test: smal/ })

  rmSync(small)
  t.match(make('build'), { ok: true })
  t.notOk(existsSync(path.join(folder, 'dist/test/small.test.js')), 'a file without its source is gone from dist/')
  t.ok(existsSync(path.join(folder, 'dist/test/names.test.js')))

  writeFileSync(small, 'const = 1')
  t.match(make('t', 'f=names'), { ok: false, output: /ERROR[^]*small\.test\.ts:1:6/ }, 'a syntax error ends the build')
  writeFileSync(small, PASSING)
})

t.test('stores for tests are made anew when the migrations change, and only then', async (t) => {
  const cache = path.join(folder, '.cache/stores')
  const needsStore = ['t', 'f=auth/last-used']
  t.match(make(...needsStore), { ok: true })
  const [first, ...others] = readdirSync(cache)
  t.strictSame(others, [])

  writeFileSync(path.join(folder, 'src/names.ts'), `${readFileSync('src/names.ts', 'utf8')}\n`)
  t.match(make(...needsStore), { ok: true })
  t.strictSame(readdirSync(cache), [first], 'the same store after an edit of the code')

  const [migration = ''] = readdirSync('migrations')
  writeFileSync(path.join(folder, 'migrations', migration), `${readFileSync(path.join('migrations', migration), 'utf8')}\n`)
  t.match(make(...needsStore), { ok: true })
  t.equal(readdirSync(cache).length, 1)
  t.not(readdirSync(cache)[0], first, 'another store after an edit of a migration')
})

t.test('an older release of Node ends make before the install', async (t) => {
  const bin = emptyFolder(t)
  const makeWith = (version: string) => {
    writeFileSync(path.join(bin, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 })
    return makeOn(`${bin}:${String(env.PATH)}`, '--dry-run', 'build')
  }
  for (const version of ['v18.20.4', 'v20.9.0', 'v20.18.3']) {
    t.match(makeWith(version), { ok: false, output: `Node ${version.slice(1)} is too old: install Node 20.19 or newer` })
  }
  for (const version of ['v20.19.0', 'v22.12.0']) t.match(makeWith(version), { ok: true })
})

/** Waits until the output that follows matches. */
async function told(child: ChildProcess, pattern: RegExp): Promise<void> {
  let output = ''
  for await (const [chunk] of on(child.stdout ?? child, 'data')) {
    output += String(chunk)
    if (pattern.test(output)) return
  }
}

t.test('make watch runs the tests again after each edit', async (t) => {
  const child = spawn('make', ['-s', 'watch', 'f=small'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  t.teardown(() => process.kill(-Number(child.pid)))
  await told(child, /1 passed, 0 failed\n$/)
  writeFileSync(small, PASSING.replace('2)', '3)'))
  await told(child, /0 passed, 1 failed\n$/)
  writeFileSync(small, PASSING)
  await told(child, /1 passed, 0 failed\n$/)
  t.pass('three runs')
})
