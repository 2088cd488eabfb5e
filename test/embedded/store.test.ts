import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import type { Test } from 'tap'
import { RosterClient, type User } from '../../src/client/index.js'
import { loadConfig } from '../../src/config.js'
import { openDatabase } from '../../src/db/database.js'
import { openEmbedded } from '../../src/db/embedded.js'
import { isUnavailable } from '../../src/db/failures.js'
import { lockFolder } from '../../src/db/folder-lock.js'
import { emptyFolder, testConfig } from '../helpers/database.js'
import { measured } from '../helpers/measured.js'
import { failure } from '../helpers/scripted.js'
import { copyStore } from '../helpers/template.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const plain = { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'info', ROSTER_OPS_PORT: '' }

/** The command in a process of its own. */
function roster(args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['dist/src/cli.js', ...args], { env: { ...plain, ...measured, ...env } })
  let out = ''
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { child, ended, out: () => out, told: () => told }
}

/** A server in a process of its own, once it listens. */
async function serving(t: Test, env: NodeJS.ProcessEnv) {
  const server = roster(['serve'], env)
  t.teardown(async () => {
    server.child.kill('SIGKILL')
    await server.ended
  })
  while (!server.out().includes('Server listening at')) {
    if (server.child.exitCode !== null) throw new Error(server.told())
    await new Promise((done) => setTimeout(done, 20))
  }
  const url = /Server listening at (http:[^"]+)/.exec(server.out())?.[1]
  return { ...server, url: String(url) }
}

const keyIn = (text: string): string | undefined => /rst_[0-9a-z]+_[0-9A-Za-z]{43}_[0-9a-z]{7}/.exec(text)?.[0]

const create = (url: string, key: string, username: string): Promise<User> =>
  new RosterClient({ baseUrl: `${url}/api`, key }).createUser({ username, profile: {} })

t.test('the first start makes a demo; kill -9 and a restart at once lose nothing', async (t) => {
  const folder = path.join(emptyFolder(t), 'data')
  const first = await serving(t, { ROSTER_DATA: folder })
  while (!first.told().includes('/docs\n')) await new Promise((done) => setTimeout(done, 20))
  const key = String(keyIn(first.told()))
  t.match(first.told(), `Roster keeps the directory in ${folder} (embedded Postgres). It survives a kill of the process, but not`)
  t.match(first.told(), /Made the enterprise "demo" with the admin "admin"/)
  t.equal(keyIn(first.out()), undefined, 'the key is not logged')
  t.equal(statSync(folder).mode & 0o777, 0o700)

  const curl = /^ {2}curl -H '(Authorization): (Bearer \S+)' (\S+)$/m.exec(first.told()) ?? []
  const answer = await fetch(String(curl[3]), { headers: { [String(curl[1])]: String(curl[2]) } })
  t.equal(((await answer.json()) as { username: string }).username, 'admin', 'the curl line works as printed')
  t.match(first.told(), `The reference of the API, in a browser: ${first.url}/docs`)

  const second = roster(['user', 'list', '--enterprise', 'demo'], { ROSTER_DATA: folder })
  t.equal(await second.ended, 75)
  t.equal(second.told(), `roster: another process uses ${folder}: stop it first\n`)

  const bob = await create(first.url, key, 'bob')
  first.child.kill('SIGKILL')
  await first.ended
  t.equal(readdirSync(folder).filter((name) => name.endsWith('.sock')).length, 1, 'the kill left its socket')
  const again = await serving(t, { ROSTER_DATA: folder })
  while (!/ key create .*\n/.test(again.told())) await new Promise((done) => setTimeout(done, 20))
  t.equal(readdirSync(folder).filter((name) => name.endsWith('.sock')).length, 1, 'the dead one was removed')
  t.notMatch(again.told(), /Made the enterprise/, 'no second demo')
  t.match(again.told(), `The reference of the API, in a browser: ${again.url}/docs`)
  const command = /^ {2}npx --no-install roster (key create .*)$/m.exec(again.told())?.[1]
  t.equal(command, "key create --enterprise demo --user 'admin'")
  t.match(await failure(create(again.url, key, 'bob')), { status: 400, code: 'duplicate' }, 'bob is still there')
  t.ok((await create(again.url, key, 'carol')).id > bob.id)
  again.child.kill('SIGTERM')
  t.equal(await again.ended, 0)
  t.equal(existsSync(path.join(folder, 'postgres')), true)

  const made = roster(String(command).replaceAll("'", '').split(' '), { ROSTER_DATA: folder })
  t.equal(await made.ended, 0)
  t.ok(keyIn(made.out()), 'the command that was told makes a key')

  const list = roster(['user', 'list', '--enterprise', 'demo', '--json'], { ROSTER_DATA: folder })
  t.equal(await list.ended, 0)
  t.strictSame(
    (JSON.parse(list.out()) as { username: string }[]).map((user) => user.username),
    ['admin', 'bob', 'carol'],
  )
})

t.test('in production the store must be named, and no demo is made', async (t) => {
  t.throws(() => loadConfig({ NODE_ENV: 'production' }), { exitCode: 78, message: /DATABASE_URL .* or ROSTER_DATA .* must be set/ })
  const folder = emptyFolder(t)
  await copyStore('migrated', folder)
  const server = await serving(t, { ROSTER_DATA: folder, NODE_ENV: 'production' })
  server.child.kill('SIGTERM')
  t.equal(await server.ended, 0)
  t.notMatch(server.told(), /demo|rst_/)
})

t.test('a store that was being made when its process was killed is made again', async (t) => {
  const folder = emptyFolder(t)
  mkdirSync(path.join(folder, 'postgres.unfinished', 'base'), { recursive: true })
  const db = openDatabase(testConfig({ ROSTER_DATA: folder }))
  const { rows } = await sql<{ one: number }>`select 1 as one`.execute(db)
  t.strictSame(rows, [{ one: 1 }])
  await db.destroy()
  t.strictSame(readdirSync(folder), ['postgres'])
})

t.test('a store that can not be opened gives its folder back', async (t) => {
  const folder = emptyFolder(t)
  cpSync('package.json', path.join(folder, 'postgres'))
  await t.rejects(openEmbedded(folder, 100, 1))
  ;(await lockFolder(folder))()
})

t.test('who waits for the connection too long is told to try again; the next one gets it', async (t) => {
  const folder = emptyFolder(t)
  await copyStore('migrated', folder)
  const pool = await openEmbedded(folder, 50, 1)
  t.teardown(() => pool.end())
  const first = await pool.connect()
  const late = pool.connect().catch((error: unknown) => error)
  t.match(await pool.connect().catch((error: unknown) => error), { code: 'unavailable' }, 'no more than one waits')
  t.ok(isUnavailable(await late))
  const next = pool.connect()
  first.release()
  const { rows } = await (await next).query<{ two: number }>('select 2 as two', [])
  t.strictSame(rows, [{ two: 2 }])
})

t.test('of two processes that take a folder at once, never both get it', async (t) => {
  const folder = emptyFolder(t)
  for (let round = 0; round < 20; round++) {
    const taken = await Promise.allSettled([lockFolder(folder), lockFolder(folder), lockFolder(folder)])
    const holders = taken.filter((result) => result.status === 'fulfilled')
    t.ok(holders.length <= 1, `round ${String(round)}`)
    for (const { value } of holders) value()
  }
  ;(await lockFolder(folder))()
})

t.test('a folder below the one of the process is locked by its shorter path', async (t) => {
  const folder = mkdtempSync(path.resolve('dist', 'x'.repeat(40)))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const unlock = await lockFolder(folder)
  await t.rejects(lockFolder(path.relative('.', folder)), { message: /^another process uses/ })
  unlock()
})

t.test('a path that is too long for a socket is named', async (t) => {
  const folder = path.join(emptyFolder(t), 'x'.repeat(120))
  mkdirSync(folder)
  await t.rejects(lockFolder(folder), { message: /^ROSTER_DATA is too long a path/ })
})
