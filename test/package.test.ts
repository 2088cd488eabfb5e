import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { emptyFolder, emptyStores, type StoreSettings } from './helpers/database.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

/** Packs the package and lays it out as an installation in an empty folder would, with this checkout's dependencies. */
function install(folder: string): string {
  const modules = path.join(folder, 'node_modules')
  const scope = path.join(modules, '@roster-directory')
  mkdirSync(scope, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder])
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  execFileSync('tar', ['--extract', '--gzip', '--file', path.join(folder, tarball), '--directory', scope])
  for (const name of readdirSync('node_modules')) symlinkSync(path.resolve('node_modules', name), path.join(modules, name))
  return path.join(scope, 'package')
}

const folder = emptyFolder(t)
const installed = install(folder)
const stores = await emptyStores(t)

t.test('it holds what runs and what is read, and nothing else', async (t) => {
  t.strictSame(readdirSync(installed).sort(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist',
    'generated',
    'openapi.yaml',
    'package.json',
  ])
  t.strictSame(readdirSync(path.join(installed, 'dist')).sort(), ['generated', 'migrations', 'src'])
  const sources = readdirSync(path.join(installed, 'dist/src'))
  t.notOk(sources.some((name) => /^(generate|collection)\./.test(name)), 'what writes generated/ stays here')
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
    t.match(roster(store, 'verify'), 'all counts are right')
  })
}
