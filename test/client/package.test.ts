import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { emptyFolder } from '../helpers/database.js'
import { makeDirectory } from '../helpers/directory.js'
import { deadLinks, lostSources } from '../helpers/packed.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** The packed packages, as somebody has them who installs them into an empty folder. `make build` laid the client out. */
const run = promisify(execFile)
const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version

const folder = emptyFolder(t)

/** Unpacks a packed package as an installed one. */
async function install(name: string): Promise<string> {
  const installed = path.join(folder, 'node_modules', name)
  mkdirSync(installed, { recursive: true })
  const tarball = path.join(folder, `${name.slice(1).replace('/', '-')}-${version}.tgz`)
  await run('tar', ['--extract', '--gzip', '--file', tarball, '--directory', installed, '--strip-components', '1'])
  return installed
}

await run('npm', ['pack', '--silent', '--pack-destination', folder, '.', './dist/client'])
await install('@roster-directory/server')
const installed = await install('@roster-directory/client')

const consumer = (name: string): string => `
import { RosterClient, RosterError, type ErrorCode, type User } from '${name}'
const roster = new RosterClient({ baseUrl: 'http://127.0.0.1/api', key: 'k' })
export const names = async (): Promise<string[]> => {
  const all: User[] = []
  for await (const user of roster.listAllUsers({ limit: 10 }, { signal: AbortSignal.timeout(1000) })) all.push(user)
  // @ts-expect-error a user has no nickname
  all[0]?.nickname
  return all.map(({ username }) => username)
}
export const codeOf = (error: unknown): string => (error instanceof RosterError ? error.code : 'unavailable' satisfies ErrorCode)
`

/** What a README shows of the client. `process` is all that it takes from Node. */
const shown = (readme: string): string => `
${/^```ts\n([^]*?)^```$/m.exec(readFileSync(readme, 'utf8'))?.[1] ?? ''}
declare const process: { env: Record<string, string | undefined> }
`

t.test('both are typed, whatever way a consumer resolves modules', async (t) => {
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(path.join(folder, 'server.ts'), consumer('@roster-directory/server/client'))
  writeFileSync(path.join(folder, 'client.ts'), consumer('@roster-directory/client'))
  writeFileSync(path.join(folder, 'session.ts'), shown('README.md'))
  writeFileSync(path.join(folder, 'page.ts'), shown('src/client/README.md'))
  const files = ['server.ts', 'client.ts', 'session.ts', 'page.ts']
  const check = async (module: string, moduleResolution: string): Promise<void> => {
    // Nothing of this checkout but the compiler, and the declarations of the packages are checked too.
    const compilerOptions = { module, moduleResolution, target: 'es2023', lib: ['es2023', 'dom'], types: [], strict: true, noEmit: true }
    const project = path.join(folder, `${module}.json`)
    writeFileSync(project, JSON.stringify({ compilerOptions, files }))
    const { stdout } = await run(process.execPath, [path.resolve('node_modules/typescript/bin/tsc'), '--project', project]).catch(
      (fault: unknown) => fault as { stdout: string },
    )
    t.equal(stdout, '', moduleResolution)
  }
  await Promise.all([check('nodenext', 'nodenext'), check('esnext', 'bundler')])
})

t.test('the package of the server has the client as ./client, which needs none of its dependencies', async (t) => {
  const script = "import('@roster-directory/server/client').then(({ RosterClient }) => console.log(RosterClient.name))"
  t.equal((await run(process.execPath, ['--eval', script], { cwd: folder })).stdout, 'RosterClient\n')
})

t.test('the package of the client', async (t) => {
  await t.test('has the version of the server, and needs no other package', async (t) => {
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
    t.match(manifest, { name: '@roster-directory/client', version, license: 'Apache-2.0', engines: { node: String } })
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) t.notOk(field in manifest, field)
    t.strictSame(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'generated', 'package.json', 'src'])
  })
  await t.test('has no link to, nor source map of, what is not in it', async (t) => {
    t.strictSame([deadLinks(installed), lostSources(installed)], [[], []])
  })
  await t.test('imports nothing but itself, so that a browser can load it', async (t) => {
    const code = path.join(installed, 'src/client')
    for (const file of readdirSync(code).filter((file) => file.endsWith('.js'))) {
      const imports = [...readFileSync(path.join(code, file), 'utf8').matchAll(/\bfrom '(.*)'|\bimport\(|\brequire\(/g)]
      t.ok(imports.every(([, from]) => from?.startsWith('./')), file)
    }
  })
  await t.test('does what its README says', async (t) => {
    const directory = await makeDirectory(t)
    const address = await directory.app.listen({ host: '127.0.0.1', port: 0 })
    const [, script = ''] = /^```ts\n([^]*?)^```$/m.exec(readFileSync(path.join(installed, 'README.md'), 'utf8')) ?? []
    writeFileSync(path.join(folder, 'session.mjs'), script.replace('http://127.0.0.1:3000', address))
    const env = { PATH: process.env.PATH, KEY: directory.superuser }
    const { stdout } = await run(process.execPath, ['session.mjs'], { cwd: folder, env })
    t.equal(stdout, "400 duplicate [ 'username: belongs to another user' ]\n")
  })
})

t.test('npm installs its tarball in an empty folder, without the network', async (t) => {
  const home = emptyFolder(t)
  const tarball = path.join(folder, `roster-directory-client-${version}.tgz`)
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: home })
  t.strictSame(readdirSync(path.join(home, 'node_modules')).filter((entry) => !entry.startsWith('.')), ['@roster-directory'])
  t.strictSame(readdirSync(path.join(home, 'node_modules/@roster-directory')), ['client'])
})
