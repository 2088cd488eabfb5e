import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { emptyFolder, emptyStores, type StoreSettings } from './helpers/database.js'
import { deadLinks, lostSources } from './helpers/packed.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

/** Packs the package and lays it out as an installation in an empty folder would, with this checkout's dependencies. */
function install(folder: string): string {
  const modules = path.join(folder, 'node_modules')
  const installed = path.join(modules, '@roster-directory/server')
  mkdirSync(installed, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder])
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  execFileSync('tar', ['--extract', '--gzip', '--file', path.join(folder, tarball), '--directory', installed, '--strip-components', '1'])
  for (const name of readdirSync('node_modules')) symlinkSync(path.resolve('node_modules', name), path.join(modules, name))
  return installed
}

const folder = emptyFolder(t)
const installed = install(folder)
const stores = await emptyStores(t)

t.test('it holds what runs and what is read, and nothing else', async (t) => {
  t.strictSame(readdirSync(installed).sort(), [
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist',
    'docs',
    'generated',
    'openapi.yaml',
    'package.json',
    'src',
  ])
  t.strictSame(readdirSync(path.join(installed, 'src'), { recursive: true }).sort(), ['client', 'client/README.md'])
  t.strictSame(readdirSync(path.join(installed, 'dist')).sort(), ['generated', 'migrations', 'src'])
  const sources = readdirSync(path.join(installed, 'dist/src'))
  t.notOk(sources.some((name) => /^(generate|collection)\./.test(name)), 'what writes generated/ stays here')
})

t.test('its contract can be found by its name, whatever way a module is asked for', async (t) => {
  const files: Record<string, string> = { 'openapi.yaml': 'openapi.yaml', 'openapi.json': 'generated/spec.json', 'package.json': 'package.json' }
  const script = `
    import { createRequire } from 'node:module'
    const names = ${JSON.stringify(Object.keys(files))}.map((name) => '@roster-directory/server/' + name)
    const { resolve } = createRequire(import.meta.url)
    console.log(JSON.stringify(names.map((name) => [new URL(import.meta.resolve(name)).pathname, resolve(name)])))`
  writeFileSync(path.join(folder, 'resolve.mjs'), script)
  const found = JSON.parse(execFileSync(process.execPath, ['resolve.mjs'], { cwd: folder, encoding: 'utf8' })) as unknown
  const expected = Object.values(files).map((file) => realpathSync(path.join(installed, file)))
  t.strictSame(found, expected.map((file) => [file, file]))
})

t.test('its pages lead to nothing that is not in it', async (t) => {
  t.strictSame(deadLinks(installed), [])
})

t.test('its source maps lead to sources that are in it', async (t) => {
  t.strictSame(lostSources(installed), [])
})

t.test('a dead link, a dead anchor, a lost map and a lost source are found', async (t) => {
  const folder = emptyFolder(t)
  const write = (file: string, text: string): void => {
    writeFileSync(path.join(folder, file), text)
  }
  write('a.md', '# One `two`, three\n[a](b.md) [b](a.md#one-two-three) [c](#four) ![d](../d.png) [e](https://e.example/) `[f](f.md)`\n```\n[g](g.md)\n```\n<img src="h.png">')
  write('a.js', '//# sourceMappingURL=a.js.map\n')
  write('b.js.map', '{"sources":["../b.ts","c.ts","a.md"],"sourcesContent":[null,"held"]}')
  t.strictSame(deadLinks(folder), ['a.md: b.md', 'a.md: #four', 'a.md: ../d.png', 'a.md: h.png'])
  t.strictSame(lostSources(folder), ['b.js.map: ../b.ts', 'a.js: a.js.map'])
})

const roster = (store: StoreSettings, ...args: string[]): string =>
  execFileSync(process.execPath, [path.join(installed, 'dist/src/cli.js'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...store },
    encoding: 'utf8',
  })

for (const [engine, store] of Object.entries(stores)) {
  t.test(`its command runs: ${engine}`, async (t) => {
    roster(store, 'migrate')
    const made = JSON.parse(roster(store, 'enterprise', 'create', 'acme', '--admin', 'alice', '--json')) as object
    t.strictSame(Object.keys(made), ['enterprise', 'name', 'user_id', 'api_key'])
    t.match(roster(store, 'verify'), 'all counts and the sequence of ids are right')
  })
}
