import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { engine, freshStore, testSettings } from '../helpers/database.js'
import { measured } from '../helpers/measured.js'
import { within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

const store = await freshStore(t)

/** A server whose outputs lead somewhere; nothing of its log is read. */
async function served(t: Test, args: string[], stdout: 'pipe' | number, stderr: 'pipe' | number) {
  const [port, opsPort] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, ['dist/src/cli.js', 'serve', ...args], {
    env: { ...process.env, ...measured, ...testSettings, LOG_LEVEL: 'info', ...store, PORT: String(port), ROSTER_OPS_PORT: String(opsPort) },
    stdio: ['ignore', stdout, stderr],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  const ops = async (path: string) => fetch(`http://127.0.0.1:${String(opsPort)}${path}`)
  while (!(await ops('/readyz').then((answer) => answer.ok, () => false))) {
    if (child.exitCode !== null) throw new Error('the server ended')
    await delay(20)
  }
  const dropped = async () => Number(/^roster_log_lines_dropped_total (\d+)$/m.exec(await (await ops('/metrics')).text())?.[1])
  return { child, port, ended, exited, dropped }
}

/** Sends so many requests, and waits for as many answers. */
async function requests(port: number, count: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  let answers = 0
  const all = new Promise<void>((done) => {
    socket.on('data', (chunk: Buffer) => {
      answers += chunk.toString('latin1').split('HTTP/1.1 ').length - 1
      if (answers >= count) done()
    })
  })
  socket.write(`GET /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${'r'.repeat(64)}\r\n\r\n`.repeat(count))
  await all
  socket.destroy()
}

const modes = engine === 'postgres' ? [[], ['--workers', '2']] : [[]]

for (const args of modes) {
  const mode = ['serve', ...args].join(' ')

  t.test(`${mode}: a full disk under stdout`, async (t) => {
    const full = openSync('/dev/full', 'w')
    const { child, port, ended, dropped } = await served(t, args, full, 'pipe')
    closeSync(full)
    const said = text(child.stderr!)
    for (let round = 0; round < 3; round++) {
      await requests(port, 100)
      await delay(150)
    }
    t.ok((await dropped()) >= 300)
    child.kill('SIGTERM')
    t.ok(await within(5000, ended), 'it stops in time')
    t.equal(await ended, 0)
    const told = (await said).split('\n').filter((line) => /can't write its log to stdout \(ENOSPC\)/.test(line))
    t.equal(new Set(told).size, told.length, 'each process says it once')
    t.equal(told.length >= 1, true)
    if (args.length === 0) t.equal(told.length, 1)
  })

  t.test(`${mode}: a reader of stdout that stopped`, async (t) => {
    const { child, port, exited, dropped } = await served(t, args, 'pipe', 'pipe')
    child.stdout!.pause()
    // Of two workers one may get all.
    await requests(port, 12_000)
    t.ok((await dropped()) > 0)
    await requests(port, 10)
    child.kill('SIGTERM')
    t.ok(await within(5000, exited), 'it stops in time')
    t.equal(await exited, 0)
  })

  t.test(`${mode}: readers of stdout and stderr that died`, async (t) => {
    const { child, port, ended, dropped } = await served(t, args, 'pipe', 'pipe')
    child.stdout!.destroy()
    child.stderr!.destroy()
    for (let round = 0; round < 2; round++) {
      await requests(port, 100)
      await delay(150)
    }
    t.ok((await dropped()) >= 100)
    child.kill('SIGTERM')
    t.equal(await ended, 0)
  })

  t.test(`${mode}: a full disk under both`, async (t) => {
    const full = openSync('/dev/full', 'w')
    const { child, port, ended } = await served(t, args, full, full)
    closeSync(full)
    await requests(port, 100)
    child.kill('SIGTERM')
    t.equal(await ended, 0)
  })
}

t.test('a result that can not be written: 74, and it is said', async (t) => {
  const shell = (to: string) =>
    spawnSync('sh', ['-c', `{ "$0" dist/src/cli.js config; echo "ended $?" >&2; } ${to}`, process.execPath], {
      env: { ...process.env, ...measured, ...testSettings, ...store },
      encoding: 'utf8',
    }).stderr
  t.match(shell('>/dev/full'), /^roster: the result can't be written to stdout \(ENOSPC\): .* is lost\nended 74\n$/)
  t.match(shell('| true'), /^roster: the result can't be written to stdout \(EPIPE\): .* is lost\nended 74\n$/)
})

t.test('a reader that has seen enough is no failure', async (t) => {
  // Writes until the reader is gone; only the command's own handler of errors must decide what follows.
  const program = `
    process.argv = ['', '', 'config']
    await import('./dist/src/cli.js')
    setInterval(() => process.stdout.listenerCount('error') > 0 && process.stdout.write('more\\n'), 20)`
  const { stdout, stderr } = spawnSync('sh', ['-c', `{ "$0" --input-type=module --eval "$1"; echo "ended $?" >&2; } | head -1`, process.execPath, program], {
    env: { ...process.env, ...measured, ...testSettings, ...store },
    encoding: 'utf8',
  })
  t.not(stdout, '')
  t.equal(stderr, 'ended 0\n')
})

t.test('a reader that has seen enough of one long line is no failure', async (t) => {
  // Longer than a pipe holds.
  const ROSTER_CORS_ORIGINS = Array.from({ length: 4000 }, (_, n) => `https://a${String(n)}.example`).join(',')
  const { stdout, stderr } = spawnSync('sh', ['-c', `{ "$0" dist/src/cli.js config --json; echo "ended $?" >&2; } | head -c 1`, process.execPath], {
    env: { ...process.env, ...measured, ...testSettings, ...store, ROSTER_CORS_ORIGINS },
    encoding: 'utf8',
  })
  t.strictSame([stdout, stderr], ['[', 'ended 0\n'])
})
