import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { folderFault } from '../../src/db/store-folder.js'
import { runHere } from '../helpers/command.js'
import { emptyFolder } from '../helpers/database.js'
import { measured } from '../helpers/measured.js'
import { copyStore } from '../helpers/template.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const list = (folder: string) => runHere({ ROSTER_DATA: folder }, 'enterprise', 'list')

async function copied(t: Test): Promise<{ folder: string; store: string }> {
  const folder = emptyFolder(t)
  await copyStore('migrated', folder)
  return { folder, store: path.join(folder, 'postgres') }
}

const writeAheadLog = (store: string): string[] =>
  readdirSync(path.join(store, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).map((name) => path.join(store, 'pg_wal', name))

const damages: Record<string, [(store: string) => void, RegExp, number]> = {
  'no PG_VERSION': [(store) => { rmSync(path.join(store, 'PG_VERSION')) }, /PG_VERSION is missing/, 74],
  'an empty PG_VERSION': [(store) => { truncateSync(path.join(store, 'PG_VERSION')) }, /PG_VERSION holds no version/, 74],
  'another major version': [(store) => { writeFileSync(path.join(store, 'PG_VERSION'), '17\n') }, /is of Postgres 17, and this release has Postgres 18: use the release that made it/, 78],
  'no pg_control': [(store) => { rmSync(path.join(store, 'global/pg_control')) }, /global\/pg_control is missing/, 74],
  'random bytes in pg_control': [(store) => { writeFileSync(path.join(store, 'global/pg_control'), 'x'.repeat(8192)) }, /Postgres does not start on it/, 74],
  'a write-ahead log that ends early': [(store) => { writeAheadLog(store).forEach((file) => { truncateSync(file, 1000) }) }, /Postgres does not start on it/, 74],
  'an empty folder': [(store) => { rmSync(store, { recursive: true }); mkdirSync(store) }, /PG_VERSION is missing/, 74],
  'a file': [(store) => { rmSync(store, { recursive: true }); writeFileSync(store, 'mine') }, /it is a file/, 74],
}

for (const [what, [damage, words, code]] of Object.entries(damages)) {
  t.test(`a damaged store is named and left in its place: ${what}`, async (t) => {
    const { folder, store } = await copied(t)
    damage(store)
    const isFolder = statSync(store).isDirectory()
    const tables = path.join(store, 'base/5')
    const before = existsSync(tables) ? readdirSync(tables) : []
    for (let round = 0; round < 2; round++) {
      const ran = await list(folder)
      t.match(ran, { code, out: [] })
      t.match(ran.note.join('\n'), words)
      t.ok(ran.note.join('\n').includes(store), 'it says where')
    }
    t.strictSame(existsSync(tables) ? readdirSync(tables) : [], before)
    t.strictSame(readdirSync(folder), ['postgres'])
    if (!isFolder) t.equal(readFileSync(store, 'utf8'), 'mine')
  })
}

t.test('a place that can not be used: 78, why, and what to do', async (t) => {
  const folder = emptyFolder(t)
  writeFileSync(path.join(folder, 'file'), 'mine')
  symlinkSync('nowhere', path.join(folder, 'link'))
  mkdirSync(path.join(folder, 'store'))
  symlinkSync('nowhere', path.join(folder, 'store', 'postgres'))
  const places: Record<string, RegExp> = {
    'file': /the path, or one above it, is a file: move the file, or name another folder$/,
    'file/sub': /the path, or one above it, is a file/,
    'link': /a symbolic link in its path is dangling/,
    'store': /a symbolic link in its path is dangling/,
    'link/sub': /a symbolic link in its path is dangling/,
    ['x'.repeat(300)]: /ENAMETOOLONG: .*: name another folder$/,
  }
  for (const [name, words] of Object.entries(places)) {
    const place = path.join(folder, name)
    const { code, out, note } = await list(place)
    t.strictSame([code, out, note.length], [78, [], 1], name)
    t.match(note[0], words)
    t.ok(note[0]?.includes(`the folder ${place} of ROSTER_DATA can't be used`), name)
  }
  t.equal(readFileSync(path.join(folder, 'file'), 'utf8'), 'mine')
})

t.test('a file system that takes no folders ends with a sentence', async (t) => {
  for (const ROSTER_DATA of ['/proc/nope', '/proc/nope/sub']) {
    // In a process of its own, since what never ends can't be stopped from within.
    const { status, stderr } = spawnSync(process.execPath, ['dist/src/cli.js', 'enterprise', 'list'], {
      env: { ...process.env, ...measured, DATABASE_URL: '', ROSTER_DATA },
      encoding: 'utf8',
      timeout: 20_000,
    })
    t.equal(status, 78)
    t.match(stderr, /^roster: the folder \/proc\/\S+ of ROSTER_DATA can't be used: .* its file system takes no folders: .*\n$/)
  }
})

t.test('parents that do not exist are made; the mode of a folder that was there stays', async (t) => {
  const folder = emptyFolder(t)
  t.equal((await list(path.join(folder, 'a/b'))).code, 0)
  t.equal(statSync(path.join(folder, 'a/b')).mode & 0o777, 0o700)
  const { folder: there } = await copied(t)
  chmodSync(there, 0o755)
  t.equal((await list(there)).code, 0)
  t.equal(statSync(there).mode & 0o777, 0o755)
})

t.test('each reason of the operating system has its words and its code', async (t) => {
  const told = (code: string) => {
    const { message, exitCode } = folderFault('/data', Object.assign(new Error(code), { code }))
    return [exitCode, message]
  }
  for (const code of ['EACCES', 'EPERM']) t.match(told(code), [78, /may not write there: run as the owner/], code)
  t.match(told('EROFS'), [78, /read-only: mount it writable/])
  for (const code of ['ENOSPC', 'EDQUOT']) t.match(told(code), [74, /the disk is full: free some space/], code)
  t.match(folderFault('/data', new Error('odd')), { exitCode: 78, message: /odd: name another folder/ })
})

/** Bounds the files that this process writes, as a full disk does. */
function limitFiles(t: Test, bytes: number): void {
  const limit = (soft: string) => spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:`])
  // Stays: tap ends a process that gets the signal with no other listener, and some come late.
  process.on('SIGXFSZ', () => undefined)
  limit(String(bytes))
  t.teardown(() => {
    limit('unlimited')
  })
}

t.test('a store that can not be written whole is not left half made', async (t) => {
  const folder = emptyFolder(t)
  limitFiles(t, 500_000)
  const { code, note } = await list(folder)
  t.equal(code, 74)
  t.match(note, [/^roster: the embedded store \S+\/postgres can't be made: free 100 MB on its disk, and start again$/])
  t.strictSame(readdirSync(folder), [])
})

t.test('a store that does not start since its disk is full is not called damaged', async (t) => {
  const { folder, store } = await copied(t)
  const control = path.join(store, 'global/pg_control')
  const whole = readFileSync(control)
  // A full disk fails at different steps; a file-size limit always fails at the same step.
  writeFileSync(control, 'x'.repeat(8192))
  limitFiles(t, 10_000_000)
  const { code, note } = await list(folder)
  t.equal(code, 78)
  t.match(note, [/^roster: the folder \S+ of ROSTER_DATA can't be used: the size of files is limited: raise the limit/])
  t.strictSame(readdirSync(folder), ['postgres'])
  writeFileSync(control, whole)
  t.equal((await list(folder)).code, 0)
})
