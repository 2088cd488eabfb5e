import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { finish, jsonOf, type Ran, start } from '../../helpers/command.js'
import { emptyDatabase } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

/** `roster migrate` on each database that a line of stdin names, so that a round does not wait for a process to start. */
const MIGRATOR = `
  import { createInterface } from 'node:readline'
  import { run } from './dist/src/commands/run.js'
  console.log('ready')
  for await (const DATABASE_URL of createInterface(process.stdin)) {
    const ran = { out: [], note: [] }
    const terminal = { env: { DATABASE_URL }, out: (line) => ran.out.push(line), note: (line) => ran.note.push(line) }
    ran.code = await run(['migrate', '--json'], terminal)
    console.log(JSON.stringify(ran))
  }`

async function startMigrator() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', MIGRATOR], {
    // Coverage of the command is counted where it runs by itself.
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return {
    migrate: async (url: string): Promise<Ran> => {
      child.stdin.write(`${url}\n`)
      return JSON.parse(String((await lines.next()).value)) as Ran
    },
    stop: () => child.stdin.end(),
  }
}

const expect = (both: Ran[], round: string): void => {
  t.strictSame(both.map(({ code, note }) => [code, note]), [[0, []], [0, []]], round)
  t.strictSame(both.flatMap((ran) => jsonOf<{ applied: string[] }>(ran).applied), ['0001_directory', '0002_second_release'], 'one of them applied it')
}

t.test('two processes of the command migrate one empty database: both are content', async (t) => {
  const env = { DATABASE_URL: await emptyDatabase(t) }
  expect(await Promise.all([finish(start(env, 'migrate', '--json')), finish(start(env, 'migrate', '--json'))]), 'from their start')
})

t.test('ten times more, at the same instant', async (t) => {
  const migrators = await Promise.all([startMigrator(), startMigrator()])
  for (let round = 1; round <= 10; round++) {
    const url = await emptyDatabase(t)
    expect(await Promise.all(migrators.map(({ migrate }) => migrate(url))), `round ${String(round)}`)
  }
  for (const { stop } of migrators) stop()
})
