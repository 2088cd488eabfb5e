import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const MOST = 2 ** 48 - 1
/** A text with the checksum of what is before it, whatever that is. */
const checked = (body: string): string => `${body}_${crc32(body).toString(36).padStart(7, '0')}`
const SECRET = 'a'.repeat(43)

t.test('makeKey: the form, the hash, the prefix, and 1,000 days', async (t) => {
  for (const number of [0, 1, 35, 36, 123_456_789, MOST]) {
    const { key, enterprise_id, hash, prefix, expires_on } = makeKey(number)
    const [, body = '', base36 = '', secret = '', sum] = /^(rst_([0-9a-z]+)_([0-9A-Za-z]{43}))_([0-9a-z]{7})$/.exec(key) ?? []
    t.equal(base36, number.toString(36))
    t.equal(sum, crc32(body).toString(36).padStart(7, '0'))
    t.equal(enterprise_id, number)
    t.strictSame(hash, createHash('sha256').update(key).digest('hex'))
    t.equal(prefix, `rst_${base36}_${secret.slice(0, 4)}`)
    t.strictSame(expires_on, { livesMs: 86_400_000_000 })
    t.strictSame(parseKey(key), { enterprise_id, hash, prefix })
  }
})

t.test('secrets are drawn from all 62 characters, evenly, and never twice', async (t) => {
  const secrets = Array.from({ length: 2000 }, () => makeKey(1).key.split('_')[2]!)
  t.equal(new Set(secrets).size, 2000)
  const counts = new Map<string, number>()
  for (const character of secrets.join('')) counts.set(character, (counts.get(character) ?? 0) + 1)
  t.equal(counts.size, 62)
  // 1,387 of each are expected, with a deviation of 37: nine of them are not seen in a lifetime.
  for (const n of counts.values()) t.ok(Math.abs(n - 1387) < 333)
})

t.test('a checksum with zeros in front', async (t) => {
  const body = Array.from({ length: 200 }, (_, i) => `rst_1_${String(i).padStart(43, 'x')}`).find((text) => crc32(text) < 36 ** 6)!
  t.match(parseKey(checked(body)), { enterprise_id: 1 })
  t.equal(parseKey(`${body}_${crc32(body).toString(36)}`), undefined)
})

t.test('a typo anywhere is refused', async (t) => {
  const { key } = makeKey(MOST)
  for (let at = 0; at < key.length; at++) {
    const other = key[at] === 'b' ? 'c' : 'b'
    const texts = [key.slice(0, at) + other + key.slice(at + 1), key.slice(0, at) + key.slice(at + 1), key.slice(0, at) + other + key.slice(at)]
    if (at > 0 && key[at] !== key[at - 1]) texts.push(key.slice(0, at - 1) + key[at]! + key[at - 1]! + key.slice(at + 1))
    for (const text of texts) t.equal(parseKey(text), undefined, `${text} at ${String(at)}`)
  }
  t.equal(parseKey(key.toUpperCase()), undefined)
})

t.test('the number: canonical base36 below 2^48', async (t) => {
  for (const [number, id] of [['0', 0], ['1', 1], ['z', 35], [MOST.toString(36), MOST]] as const) {
    t.equal(parseKey(checked(`rst_${number}_${SECRET}`))?.enterprise_id, id, number)
  }
  for (const number of ['', '00', '01', 'A', '-1', '+1', '1.0', (MOST + 1).toString(36), 'zzzzzzzzzz', '10000000000', '٣']) {
    t.equal(parseKey(checked(`rst_${number}_${SECRET}`)), undefined, number)
  }
})

t.test('what has a right checksum and is no key', async (t) => {
  for (const body of [
    '', 'rst', 'rst_1', `rst_1_${SECRET}a`, `rst_1_${SECRET.slice(1)}`, `rst_1_${SECRET.slice(1)}-`, `rst_1_${SECRET.slice(1)}é`,
    `RST_1_${SECRET}`, ` rst_1_${SECRET}`, `rst_1_${SECRET}_${SECRET}`, `x_1_${SECRET}`, `rst-1-${SECRET}`,
  ]) t.equal(parseKey(checked(body)), undefined, body)
  const right = checked(`rst_1_${SECRET}`)
  t.ok(parseKey(right))
  for (const text of ['', ` ${right}`, `${right} `, `${right}\n`, `${right}0`, right.repeat(2), 'x'.repeat(100_000)]) t.equal(parseKey(text), undefined)
})
