import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { Lines } from '../../src/http/lines.js'
import { emptyFolder } from '../helpers/database.js'
import { measured } from '../helpers/measured.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const module = new URL('../../src/http/lines.js', import.meta.url).href

/** Lines into something that is opened here, and why the first was dropped. */
function linesTo(t: Test, file: string, flags: number, minLength = 0) {
  const fd = openSync(file, flags)
  t.teardown(() => {
    closeSync(fd)
  })
  const dropped: string[] = []
  const lines = new Lines(() => ({ fd }), { minLength, maxWrite: 100 }, (code) => dropped.push(code))
  return { lines, fd, dropped }
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await delay(5)
}

t.test('lines are written in their order, when there are enough or after a while', async (t) => {
  const file = path.join(emptyFolder(t), 'log')
  const { lines } = linesTo(t, file, constants.O_WRONLY | constants.O_CREAT, 10)
  lines.write('one\n')
  lines.write('é\n')
  await delay(20)
  t.equal(readFileSync(file, 'utf8'), '')
  await until(() => readFileSync(file, 'utf8') === 'one\né\n')
  lines.write('a\n')
  lines.write(`${'b'.repeat(200)}\n`)
  lines.write('c\n')
  const all = `one\né\na\n${'b'.repeat(200)}\nc\n`
  await until(() => readFileSync(file, 'utf8') === all)
  t.equal(lines.dropped, 0)
})

t.test('a full disk: lines are dropped and counted, and it is said once', async (t) => {
  const { lines, dropped } = linesTo(t, '/dev/full', constants.O_WRONLY)
  lines.write('one\n')
  await until(() => lines.dropped === 1)
  lines.write('two\n')
  lines.write('three\n')
  await until(() => lines.dropped === 3)
  t.strictSame(dropped, ['ENOSPC'])
})

t.test('a reader that stops, and goes on: what was bounded is written, the rest is dropped', async (t) => {
  const file = path.join(emptyFolder(t), 'pipe')
  spawnSync('mkfifo', [file])
  const { lines, fd, dropped } = linesTo(t, file, constants.O_RDWR | constants.O_NONBLOCK)
  const line = (n: number): string => `${String(n).padStart(98)}\n`
  let written = 0
  for (; lines.dropped < 3; written++) lines.write(line(written))
  await delay(300)
  t.strictSame([lines.dropped, dropped], [3, ['EAGAIN']])
  const buffer = Buffer.alloc(65_536)
  let got = ''
  const read = (): void => {
    try {
      for (;;) got += buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch {
      // Empty for now.
    }
  }
  const expected = Array.from({ length: written - 3 }, (_, n) => line(n)).join('')
  await until(() => {
    read()
    return got.length >= expected.length
  })
  t.equal(got, expected)
  lines.write('again\n')
  await until(() => {
    read()
    return got.endsWith('again\n')
  })
  t.equal(lines.dropped, 3)
})

/** Runs a program that has `Lines` in a process of its own, through a shell. */
function program(shell: string, script: string, ...args: string[]) {
  const text = `const { Lines } = await import(${JSON.stringify(module)}); ${script}`
  return spawnSync('sh', ['-c', shell, process.execPath, text, ...args], {
    env: { ...process.env, ...measured },
    encoding: 'utf8',
  })
}

const cut = `import { spawnSync } from 'node:child_process'
  import { fstatSync, ftruncateSync } from 'node:fs'
  const lines = new Lines(() => ({ fd: 1 }), { minLength: MIN, maxWrite: 9999 }, () => undefined)
  const until = async (what) => { while (!what()) await new Promise((done) => setTimeout(done, 5)) }
  const empty = () => {
    process.stderr.write(lines.dropped + ' ')
    ftruncateSync(1, 0)
    // What counts the coverage needs more than the limit.
    spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:'])
  }
  `
const limited = `trap '' XFSZ; ulimit -S -f 1; exec "$0" --input-type=module --eval "$1" >>"$2"`

t.test('a line that was cut by a full disk does not spoil the next one, and is counted once', async (t) => {
  for (const [minLength, inTime] of [[0, ''], [99, 'process.exit()']] as const) {
    const file = path.join(emptyFolder(t), 'log')
    const { status, stderr } = program(
      limited,
      `${cut.replace('MIN', String(minLength))}
      lines.write('x'.repeat(3000) + '\\n')
      await until(() => lines.dropped > 0)
      lines.write('y'.repeat(100) + '\\n')
      await until(() => lines.dropped > 1)
      empty()
      lines.write('after\\n')
      ${inTime}`,
      file,
    )
    t.strictSame([status, stderr], [0, '2 '])
    t.equal(readFileSync(file, 'utf8'), '\nafter\n')
  }
})

t.test('a disk that is full at the end of a line leaves no empty line', async (t) => {
  const file = path.join(emptyFolder(t), 'log')
  const { status, stderr } = program(
    limited,
    `${cut.replace('MIN', '4000')}
    for (let n = 0; n < 16; n++) lines.write('z'.repeat(255) + '\\n')
    await until(() => lines.dropped > 0)
    empty()
    lines.write('after\\n')
    await until(() => fstatSync(1).size > 0)`,
    file,
  )
  // Its 512 bytes hold two of 16.
  t.strictSame([status, stderr], [0, '14 '])
  t.equal(readFileSync(file, 'utf8'), 'after\n')
})

t.test('an exit writes what was not written yet', async (t) => {
  const { status, stdout } = program(
    'exec "$0" --input-type=module --eval "$1"',
    `const lines = new Lines(() => process.stdout, { minLength: 99, maxWrite: 999 }, () => undefined); lines.write('the last word\\n'); process.exit(3)`,
  )
  t.strictSame([status, stdout], [3, 'the last word\n'])
})

t.test('an exit does not wait for a reader that stopped, nor for a disk that is full', async (t) => {
  const script = `const lines = new Lines(() => process.stdout, { minLength: 0, maxWrite: 999 }, () => undefined)
    for (let n = 0; n < 2000; n++) lines.write('x'.repeat(99) + '\\n')
    await new Promise((done) => setTimeout(done, 100))
    lines.write('y\\n')
    process.exit(3)`
  for (const to of ['>/dev/full', '| sleep 2']) {
    const since = performance.now()
    const { stderr } = program(`{ "$0" --input-type=module --eval "$1"; echo "ended $?" >&2; } ${to}`, script)
    t.equal(stderr, 'ended 3\n', to)
    t.ok(performance.now() - since < 4000)
  }
})

t.test('a terminal is written to without waiting for it', async (t) => {
  const script = `import { readFileSync } from 'node:fs'
    const { Lines } = await import(${JSON.stringify(module)})
    new Lines(() => process.stdout, { minLength: 0, maxWrite: 999 }, () => undefined).write('.')
    process.exitCode = process.stdout.isTTY && (parseInt(/flags:.(\\d+)/.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))[1], 8) & 0o4000) ? 4 : 5`
  const file = path.join(emptyFolder(t), 'program.mjs')
  writeFileSync(file, script)
  t.equal(spawnSync('script', ['-qec', `'${process.execPath}' '${file}'`, '/dev/null']).status, 4)
})
