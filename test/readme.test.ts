import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import type { Test } from 'tap'
import { settings } from '../src/settings.js'
import { emptyDatabase, emptyFolder, engine } from './helpers/database.js'
import { measured } from './helpers/measured.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

/**
 * Runs every command of the README, in its order, and compares what it prints. With UPDATE_README=1 it writes what it saw.
 */
let readme = readFileSync('README.md', 'utf8')
const update = process.env.UPDATE_README !== undefined

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

const API_KEY = /rst_[0-9a-z]+_[0-9A-Za-z]{43}_[0-9a-z]{7}/g

/** What differs from run to run. */
function normal(output: string): string {
  return output
    .replaceAll(API_KEY, 'rst_KEY')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
    .replaceAll(/directory in \S+ \(embedded/g, 'directory in FOLDER (embedded')
    .replaceAll(/(Postgres database )\S+\./g, '$1SERVER.')
    .replaceAll(/:\d{4,5}\//g, ':PORT/')
    .trim()
}

interface Step {
  readonly command: string
  readonly output: string
}

function stepsOf(block: string): Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const lines = text.trimEnd().split('\n')
      const last = lines.findIndex((line) => !line.endsWith('\\'))
      return { command: lines.slice(0, last + 1).join('\n'), output: lines.slice(last + 1).join('\n') }
    })
}

const blocks = [...readme.matchAll(/^```console\n([^]*?)^```$/gm)].map((match) => match[1] ?? '')

function capture(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((done) => {
    const child = spawn('bash', ['-c', command], { env })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('close', () => done(output))
  })
}

/** Starts a server; resolves with what it told on stderr once it listens and has said its part. */
async function start(t: Test, command: string, env: NodeJS.ProcessEnv, until: RegExp): Promise<string> {
  const child: ChildProcess = spawn('bash', ['-c', `exec ${command.replace(/^exec /, '')}`], { env, detached: true })
  let told = ''
  await new Promise<void>((done, failed) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      if (until.test(told)) done()
    })
    child.once('exit', (code) => failed(new Error(`${command} ended with ${String(code)}: ${told}`)))
  })
  t.teardown(async () => {
    child.removeAllListeners('exit')
    // make stands between; the signal goes to the whole group, as that of a terminal does.
    const ended = new Promise((done) => child.once('close', done))
    process.kill(-Number(child.pid), 'SIGTERM')
    await ended
  })
  return told
}

const written = ({ command, output }: Step): string => `$ ${command}\n${output === '' ? '' : `${output}\n`}`

/** Compares what a step printed with the README; or writes it there. */
function same(t: Test, step: Step, printed: string): void {
  if (update) readme = readme.replace(written(step), () => written({ ...step, output: printed.trim().replaceAll(API_KEY, 'rst_KEY') }))
  else t.equal(normal(printed), normal(step.output), step.command)
}

/** Of several commands that npx finds the first shows that it does: it takes a second each time, the command itself a quarter. */
const FOUND = /^npx --no-install roster /

async function runSteps(t: Test, steps: readonly Step[], env: NodeJS.ProcessEnv): Promise<void> {
  const first = steps.find(({ command }) => FOUND.test(command))
  for (const step of steps) {
    const command = step === first ? step.command : step.command.replace(FOUND, 'dist/src/cli.js ')
    const printed = await capture(command.replaceAll(':3000/', `:${String(env.PORT)}/`), env)
    same(t, step, printed.replaceAll(`:${String(env.PORT)}/`, ':3000/').replaceAll(String(env.KEY), 'rst_KEY'))
  }
}

const [[makeStart], [key, ...session], faulty, [exported, build, ...server]] = blocks.map(stepsOf) as [Step[], Step[], Step[], Step[]]
const plain = { PATH: process.env.PATH, HOME: process.env.HOME }

t.test('make start, a first session, and an error', async (t) => {
  const port = await freePort()
  const env: NodeJS.ProcessEnv = { ...plain, PORT: String(port), ROSTER_DATA: path.join(emptyFolder(t), '.roster') }
  t.equal(makeStart?.command, 'make start')
  const told = await start(t, 'make -s start', { ...env, ...measured }, /Try it:\s+curl .*\n/)
  t.equal(normal(told), normal(String(makeStart?.output)), 'what make start tells')
  env.KEY = /rst_\S+/.exec(told)?.[0]
  t.equal(key?.command, 'KEY=rst_KEY')
  await runSteps(t, [...session, ...faulty], env)

  const [, script = '', output = ''] = /^```ts\n([^]*?)^```\n+```text\n([^]*?)^```$/m.exec(readme) ?? []
  // A file of this package finds the client by the package's own name.
  writeFileSync('dist/test/session.mjs', script.replaceAll(':3000/', `:${String(port)}/`))
  t.match(readme, '`KEY=$KEY node session.mjs` prints:')
  t.equal(await capture('KEY=$KEY node dist/test/session.mjs', env), output, 'the session with the client')
})

if (engine === 'postgres') {
  t.test('on a Postgres server', async (t) => {
    t.match(exported?.command, /^export DATABASE_URL=postgres:/)
    t.equal(build?.command, 'make build', 'which has run before the tests')
    const serve = server.pop()!
    t.equal(serve.command, 'exec node dist/src/cli.js serve')
    const env = { ...plain, PORT: String(await freePort()), DATABASE_URL: await emptyDatabase(t) }
    await runSteps(t, server, env)
    const told = await start(t, serve.command, env, /Postgres database .*\n/)
    same(t, serve, told.replace(/(Postgres database )\S+\./, '$1127.0.0.1:5432/roster.'))
  })
}

t.test('the table of settings is that of src/settings.ts', async (t) => {
  const rows = Object.entries(settings).map(
    ([name, { byDefault, must, purpose }]) =>
      `| \`${name}\` | ${byDefault === '' ? '' : `\`${byDefault}\``} | ${purpose}${must === 'be a text' ? '' : `; must ${must}`} |`,
  )
  const table = ['| setting | default | what it is for |', '|---|---|---|', ...rows].join('\n')
  if (update) readme = readme.replace(/<!-- settings -->|^\| setting \| default[^]*?(?=\n\n)/m, () => table)
  else t.ok(readme.includes(`\n${table}\n`), table)
})

t.test('written, if it was to be', async () => {
  if (update) writeFileSync('README.md', readme)
})
