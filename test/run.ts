import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pLimit from 'p-limit'
import { stores } from './helpers/template.js'

/**
 * A suite is a process that runs test files one after the other: with the server where there is one ('once'), with each
 * engine ('each'), or with the server alone, because it needs several connections at once or a server to stop ('server').
 */
interface Suite {
  readonly runs: 'once' | 'each' | 'server'
  readonly paths: readonly string[]
  /** Where the lines that it runs do not count for the coverage: to count them takes long in what calls the server often. */
  readonly uncounted?: 'embedded' | 'always'
}

/** Those that take longest first, so that the processes end together. */
const SUITES: readonly Suite[] = [
  { runs: 'once', paths: ['fuzz', 'abuse'], uncounted: 'always' },
  { runs: 'once', paths: ['embedded', 'browser'] },
  { runs: 'once', paths: ['readme.test.js', 'package.test.js'] },
  { runs: 'once', paths: ['make.test.js'], uncounted: 'always' },
  { runs: 'once', paths: ['client/package.test.js', 'contract/readers.test.js', 'contract/patterns.test.js', 'contract/collection.test.js'], uncounted: 'always' },
  { runs: 'each', paths: ['operations', 'auth/authenticate.test.js', 'auth/last-used.test.js', 'auth/clock.test.js', 'contract/examples.test.js', 'client/server.test.js'], uncounted: 'embedded' },
  { runs: 'each', paths: ['properties/changes.test.js', 'properties/pagination.test.js', 'properties/audit.test.js'], uncounted: 'always' },
  { runs: 'server', paths: ['server/stops.test.js'] },
  { runs: 'server', paths: ['server/main.test.js', 'server/races'] },
  { runs: 'server', paths: ['server/workers.test.js'] },
  { runs: 'server', paths: ['server/faults', 'chaos'] },
  { runs: 'server', paths: ['server/db', 'server/commands'] },
  { runs: 'server', paths: ['server/upgrade.test.js', 'server/ops.test.js'] },
  { runs: 'each', paths: ['ops/listener.test.js'] },
  { runs: 'once', paths: ['ops/metrics.test.js', 'ops/sampling.test.js', 'ops/exports.test.js', 'http', 'client/answers.test.js', 'client/retries.test.js'] },
  { runs: 'once', paths: ['db', 'handlers', 'users', 'auth/keys.test.js', 'auth/network.test.js', 'auth/passwords.test.js', 'properties/keys.test.js'] },
  { runs: 'once', paths: ['properties/names.test.js', 'properties/links.test.js', 'contract/source.test.js', 'contract.test.js'] },
  { runs: 'once', paths: ['contract/breaking.test.js', 'commands', 'sbom.test.js', 'security.test.js', 'architecture.test.js', 'config.test.js', 'names.test.js'] },
]

/** Suites at a time. Two keep two cores busy but for what they wait for; a third fills that. */
const JOBS = 3

const tests = path.join('dist', 'test')
const server = process.env.TEST_DATABASE_URL || undefined
const work = mkdtempSync(path.join(tmpdir(), 'roster-run-'))
process.on('exit', () => {
  rmSync(work, { recursive: true, force: true })
})

const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'))
const filesOf = ({ paths }: Suite): string[] =>
  paths.flatMap((one) => files.filter((file) => file === one || file.startsWith(`${one}/`)).sort())

const owners = SUITES.flatMap(filesOf)
const misplaced = files.filter((file) => owners.filter((owner) => owner === file).length !== 1)
if (misplaced.length > 0) throw new Error(`not in exactly one suite of test/run.ts: ${misplaced.join(', ')}`)

interface Result {
  readonly passed: number
  readonly failed: number
}

/** Lines of what is fine, which nobody reads. */
const FINE = /^ *(ok |\d+\.\.\d+$|# Subtest|# time|# \{ total|TAP version|$)/

function resultOf(log: string, code: number | null): Result {
  const [, total = '', pass = '', fail = '0'] = /^# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?/m.exec(log) ?? []
  const failed = Number(fail)
  // A process that ended badly without counting a failure, or without counting at all, is one.
  return { passed: Number(pass), failed: failed === 0 && (code !== 0 || total === '') ? 1 : failed }
}

/** Where a server is missing the tests that reach the last lines do not run. */
function isCounted(engine: 'embedded' | 'postgres', { uncounted }: Suite): boolean {
  return server !== undefined && uncounted !== 'always' && uncounted !== engine
}

async function runSuite(engine: 'embedded' | 'postgres', suite: Suite): Promise<Result> {
  const start = Date.now()
  const name = `${engine}: ${suite.paths.join(' ')}`
  const file = path.join(work, name.replaceAll(/\W+/g, '-'))
  const output = createWriteStream(file)
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--import', new URL('helpers/without-hooks.js', import.meta.url).href, path.join(tests, 'suite.js'), ...filesOf(suite).map((one) => path.join(tests, one))],
    {
      env: {
        ...process.env,
        TAP_TIMEOUT: '300',
        TEST_DATABASE_URL: engine === 'postgres' ? server : '',
        ...(isCounted(engine, suite) ? { NODE_V8_COVERAGE: path.join(work, 'coverage') } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  child.stdout.pipe(output, { end: false })
  child.stderr.pipe(output, { end: false })
  const code = await new Promise<number | null>((done) => child.once('close', done))
  await new Promise((done) => output.end(done))
  const log = readFileSync(file, 'utf8')
  const result = resultOf(log, code)
  const shown = log.split('\n').filter((line) => !FINE.test(line))
  const seconds = ((Date.now() - start) / 1000).toFixed(1)
  console.log([`${name}: ${String(result.passed)} passed, ${String(result.failed)} failed, ${seconds} s`, ...shown].join('\n'))
  return result
}

function coverage(): Result {
  const { status } = spawnSync('npx', ['--no-install', 'c8', 'report', '--temp-directory', path.join(work, 'coverage')], {
    stdio: 'inherit',
  })
  return { passed: 0, failed: status === 0 ? 0 : 1 }
}

const limit = pLimit(JOBS)
const enginesOf = ({ runs }: Suite): readonly ('postgres' | 'embedded')[] => {
  if (server === undefined) return runs === 'server' ? [] : ['embedded']
  return runs === 'each' ? ['postgres', 'embedded'] : ['postgres']
}

/** What the command line names, as one suite, or else all. */
const named = process.argv.slice(2).map((name) => (files.includes(`${name}.test.js`) ? `${name}.test.js` : name))
const suites: readonly Suite[] = named.length === 0 ? SUITES : [{ runs: 'once', paths: named, uncounted: 'always' }]
const absent = named.filter((name) => filesOf({ runs: 'once', paths: [name] }).length === 0)
if (absent.length > 0) throw new Error(`no such test: ${absent.join(', ')}`)

// Suites that start at once would each make the stores.
await stores()
const results = await Promise.all(suites.flatMap((suite) => enginesOf(suite).map((engine) => limit(() => runSuite(engine, suite)))))
if (named.length === 0) {
  if (server === undefined) console.log('TEST_DATABASE_URL is not set: the tests that need a Postgres server were not run.')
  else results.push(coverage())
}
const sum = (of: keyof Result): number => results.reduce((total, result) => total + result[of], 0)
console.log(`${String(sum('passed'))} passed, ${String(sum('failed'))} failed`)
process.exitCode = sum('failed') === 0 ? 0 : 1
