import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

interface Component {
  readonly name: string
  readonly version: string
  readonly purl: string
}
interface Sbom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

t.test('make sbom names what the lock file installs in production, and nothing else, without asking a registry', async (t) => {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_registry: 'http://127.0.0.1:1/' }
  execFileSync('make', ['-s', 'sbom'], { env })
  const { bomFormat, specVersion, metadata, components, dependencies: graph } = read('dist/sbom.cdx.json') as Sbom
  const { name, version, dependencies } = read('package.json') as {
    name: string
    version: string
    dependencies: Record<string, string>
  }
  t.match({ bomFormat, specVersion }, { bomFormat: 'CycloneDX', specVersion: /^1\.[5-9]$/ })
  t.match(metadata.component, { name, version })

  const { packages } = read('package-lock.json') as { packages: Record<string, { version: string; dev?: boolean; devOptional?: boolean }> }
  const locked = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  const found = components.map(({ name, version }) => `${name}@${version}`)
  t.strictSame([...new Set(found)].sort(), [...new Set(locked)].sort())
  for (const [dependency, version] of Object.entries(dependencies)) t.ok(found.includes(`${dependency}@${version}`), dependency)
  for (const tool of ['tap', 'typescript', 'eslint', 'fast-check']) t.notOk(components.some(({ name }) => name === tool), tool)
  t.ok(graph.every(({ dependsOn }) => dependsOn.every((one) => found.includes(one))), 'what depends on what stays among them')
  const direct = graph.find(({ ref }) => ref === `${name}@${version}`)?.dependsOn ?? []
  t.strictSame(Object.entries(dependencies).map(([dependency, at]) => `${dependency}@${at}`).filter((one) => !direct.includes(one)), [])
  t.ok(components.every(({ purl }) => purl.startsWith('pkg:npm/')))
})
