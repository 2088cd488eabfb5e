import { spawnSync } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { gatherLines } from '../../src/http/lines.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

t.test('lines of one turn are handed over together, in their order', async (t) => {
  const pieces: string[] = []
  const { write } = gatherLines({ write: (piece) => pieces.push(piece) }, 100)
  for (const line of ['one\n', 'two\n', 'three\n']) write(line)
  t.strictSame(pieces, [])
  await turn()
  t.strictSame(pieces, ['one\ntwo\nthree\n'])
  write('four\n')
  await turn()
  t.strictSame(pieces, ['one\ntwo\nthree\n', 'four\n'])
})

t.test('no piece is longer than it may be, unless a line is', async (t) => {
  const pieces: string[] = []
  const { write } = gatherLines({ write: (piece) => pieces.push(piece) }, 10)
  for (const line of ['12345\n', '123\n', '1\n', 'a line that is too long\n', '\n']) write(line)
  await turn()
  t.strictSame(pieces, ['12345\n123\n', '1\n', 'a line that is too long\n', '\n'])
})

t.test('a piece is measured in bytes', async (t) => {
  const pieces: string[] = []
  const { write } = gatherLines({ write: (piece) => pieces.push(piece) }, 10)
  for (const line of ['éé\n', 'éé\n', 'é\n']) write(line)
  await turn()
  t.strictSame(pieces, ['éé\néé\n', 'é\n'])
})

t.test('an exit writes what was not handed over yet', async (t) => {
  const lines = new URL('../../src/http/log.js', import.meta.url).href
  const program = `const { makeLogger } = await import(${JSON.stringify(lines)}); makeLogger('info', null).info('the last word'); process.exit(3)`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  t.equal(status, 3)
  t.match(stdout, /"msg":"the last word"\}\n$/)
})
