import fc from 'fast-check'
import { compile } from '../../src/contract.js'
import { fold, nameKey } from '../../src/names.js'
import type { ErrorBody } from '../../src/http/problems.js'
import { character, isValidUsername, username } from '../helpers/arbitraries.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

// The contract's formula takes `ẞ` (U+1E9E) for `ß`, but `ß` for `ss`: upper case leaves the first alone.
const CAPITAL_SHARP_S = '\u1e9e'
// In upper case this mark is a letter, which other marks do not pass when the name is normalised.
const IOTA_SUBSCRIPT = '\u0345'

const any = fc.string({ unit: character, maxLength: 40 })
const foldable = any.filter((name) => !name.normalize('NFKC').includes(CAPITAL_SHARP_S))

const everyCodePoint = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code))

/** What a name can look like and still be the same: other cases and compatible forms. */
function variants(name: string): string[] {
  const normal = name.normalize('NFKC')
  return [
    ...(['NFC', 'NFD', 'NFKC', 'NFKD'] as const).map((form) => name.normalize(form)),
    ...(name.includes(IOTA_SUBSCRIPT) ? [] : [normal.toUpperCase(), normal.toLowerCase()]),
  ]
}

t.test('folding', async (t) => {
  await t.test('is idempotent', async () => {
    fc.assert(fc.property(foldable, (name) => fold(fold(name)) === fold(name)), { numRuns: 1000 })
  })
  await t.test('is idempotent for every code point but one', async (t) => {
    const changed = everyCodePoint.map((one) => [one, fold(one)] as const).filter(([one, folded]) => one !== folded)
    t.strictSame(changed.filter(([, folded]) => fold(folded) !== folded).map(([one]) => one), [CAPITAL_SHARP_S])
  })
  await t.test('names that differ by case or compatibility have one key', async () => {
    fc.assert(
      fc.property(foldable, (name) => variants(name).every((variant) => nameKey(variant) === nameKey(name))),
      { numRuns: 1000 },
    )
  })
  await t.test('a key has 43 characters; names that fold apart have different keys', async () => {
    fc.assert(
      fc.property(any, any, (one, other) => {
        const keys = [nameKey(one), nameKey(other)]
        return keys.every((key) => /^[\w-]{43}$/.test(key)) && (keys[0] === keys[1]) === (fold(one) === fold(other))
      }),
    )
  })
})

t.test('the contract takes every code point that a username may hold, and no other', async (t) => {
  const isUsername = compile({ $ref: '#/components/schemas/Username' })
  // A hundred at a time; one at a time where a hundred are refused.
  const hundreds = Array.from({ length: everyCodePoint.length / 100 + 1 }, (_, at) => everyCodePoint.slice(at * 100, at * 100 + 100))
  const inside = (characters: readonly string[]) => `x${characters.join('')}x`
  const isTaken = (characters: readonly string[]) => isUsername(inside(characters)) && isValidUsername(inside(characters))
  const singles = hundreds.filter((hundred) => !isTaken(hundred)).flat()
  t.strictSame(singles.filter((one) => isUsername(inside([one])) !== isValidUsername(inside([one]))), [])
})

t.test('valid names are created and found in any case; others are 400', async (t) => {
  const { call, superuser: key } = await makeDirectory(t)
  // A valid name, often with something in it that no name may hold, at its ends as well.
  const bad = fc.constantFrom('\0', '\x1f', '\x7f', '\x85', '\xad', '\u200b', '\u2028', '\u2029', '\ufeff', '\ud800', '\udfff', ' ', '\u3000')
  const broken = fc
    .tuple(username, bad, fc.nat(150))
    .map(([name, one, at]) => Array.from(name).toSpliced(at, 0, one).join(''))
  const long = fc.string({ unit: character, minLength: 140, maxLength: 160, size: 'max' })

  await fc.assert(
    fc.asyncProperty(fc.oneof({ arbitrary: username, weight: 3 }, broken, long, any), async (name) => {
      const created = await call('POST /user/', { key, json: { username: name, profile: {} } })
      if (!isValidUsername(name)) {
        return created.statusCode === 400 && created.json<ErrorBody>().code === 'validation_failed'
      }
      const user = created.json<{ id: number; username: string }>()
      if (created.statusCode !== 201 || user.username !== name) return false
      // A filter is no longer than a name may be, and folding can be three times as long.
      const filters = new Set([name, ...(name.includes(CAPITAL_SHARP_S) ? [] : variants(name))])
      for (const filter of [...filters].filter((variant) => Array.from(variant).length <= 150)) {
        const found = await call(`GET /user/?username=${encodeURIComponent(filter)}`, { key })
        if (found.json<{ results?: { id: number }[] }>().results?.[0]?.id !== user.id) return false
      }
      return (await call(`DELETE /user/${String(user.id)}/`, { key })).statusCode === 204
    }),
    { numRuns: 40 },
  )
})

t.test('two spellings of one name are one everywhere', async (t) => {
  const { call, superuser: key } = await makeDirectory(t, { ROSTER_SIGN_IN_TRIES: '2' })
  const pairs = [
    ['stra\u00dfe', 'STRASSE'], ['stra\u00dfen', 'Strassen'], ['\ufb01ona', 'FIONA'], ['\u00c5sa', 'a\u030asa'], ['\u212bke', '\u00e5KE'], ['\u212aarl', 'karl'],
    ['\u03bf\u03b4\u03bf\u03c2', '\u039f\u0394\u039f\u03a3'], ['\u03bf\u03b4\u03bf\u03c3x', '\u039f\u0394\u039f\u03a3X'], ['\u0130lker', 'i\u0307lker'], ['\u0131lker', 'ILKER'], ['\uff41my', 'Amy'],
    ['\uac00', '\u1100\u1161'], ['e\u0323\u0302', 'e\u0302\u0323'], ['\u01c4x', '\u01c5X'], ['\u00e9', 'E\u0301'],
  ] as const
  const password = 'correct horse battery'
  const taken = (answer: { json: () => unknown }) => (answer.json() as ErrorBody).errors
  for (const [i, [one, other]] of pairs.entries()) {
    const login = (username: string, sent: string, address = `192.0.2.${String(i)}`) =>
      call('POST /login/', { json: { username, password: sent }, headers: { 'x-tenant': 'acme' }, remoteAddress: address })
    const created = await call('POST /user/', { key, json: { username: one, password, profile: {} } })
    t.equal(created.statusCode, 201, one)
    const { id } = created.json<{ id: number }>()
    const duplicate = ['username: belongs to another user']
    t.strictSame(taken(await call('POST /user/', { key, json: { username: other, profile: {} } })), duplicate)
    const second = (await call('POST /user/', { key, json: { username: `second-${String(i)}`, profile: {} } })).json<{ id: number }>()
    t.strictSame(taken(await call(`PATCH /user/${String(second.id)}/`, { key, json: { username: other } })), duplicate)
    t.match((await call(`GET /user/?username=${encodeURIComponent(other)}`, { key })).json(), { count: 1, results: [{ id }] })
    const weak = await call(`PATCH /user/${String(id)}/`, { key, json: { username: `${one}-long-name`, password: `${other}-LONG-NAME` } })
    t.strictSame(taken(weak), ['password: must not be the name or the address'])
    t.equal((await login(other, password)).statusCode, 200, 'signs in')
    t.strictSame([(await login(one, 'wrong')).statusCode, (await login(other, 'wrong')).statusCode], [401, 401])
    t.equal((await login(one, 'wrong')).statusCode, 429, 'one count of failures')
    t.equal((await call(`PATCH /user/${String(id)}/`, { key, json: { username: other } })).statusCode, 200, 'its own')
    const both = await Promise.all([one, other].map((name) => call('POST /user/', { key, json: { username: `${name}-once`, profile: {} } })))
    t.strictSame(both.map(({ statusCode }) => statusCode).sort(), [201, 400], 'at once')
  }
})
