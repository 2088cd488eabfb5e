import { compile, resolve } from '../../src/contract.js'
import { idempotencyKeyFaults, idempotencyKeyOf } from '../../src/handlers/idempotency-key.js'
import { expectedTags, ifMatchFaults } from '../../src/handlers/if-match.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** What the contract says of the values of a header. */
const declared = (name: string) => {
  const { schema } = resolve({ $ref: `#/components/parameters/${name}` } as { $ref: string; schema: object })
  return (value: string): boolean => compile(schema)(value)
}

t.test('If-Match: what is a list of tags, and which, as the contract has it', async (t) => {
  const isDeclared = declared('If-Match')
  const valid: [string, readonly string[] | undefined][] = [
    ['*', undefined],
    ['"a"', ['"a"']],
    ['""', ['""']],
    ['"a","b"', ['"a"', '"b"']],
    [' , ,"a" ,\t, W/"b" ,', ['"a"', 'W/"b"']],
    ['"a,b", "W/"', ['"a,b"', '"W/"']],
    ['"\u00e9"', ['"\u00e9"']],
    [`"${'x'.repeat(1022)}"`, [`"${'x'.repeat(1022)}"`]],
  ]
  for (const [header, tags] of valid) {
    t.strictSame(ifMatchFaults(header), [], header)
    t.strictSame(expectedTags(header), tags)
    t.ok(isDeclared(header), header)
  }
  const invalid = ['', ' ', ',', '* ', '*,"a"', 'a', '"a', 'a"', '"a" "b"', '"a b"', 'w/"a"', 'W/ "a"', '"a"b', '"\n"', `"${'x'.repeat(1023)}"`]
  for (const header of invalid) {
    t.match(ifMatchFaults(header), [{ code: 'validation_failed', text: /^If-Match: / }], header)
    t.notOk(isDeclared(header), header)
  }
  t.equal(ifMatchFaults('"\u0100"').length, 1, 'which no header can have, and a pattern of ASCII alone can not name')
  t.strictSame([ifMatchFaults(undefined), expectedTags(undefined)], [[], undefined])
})

t.test('If-Match: nothing takes long', async (t) => {
  const since = performance.now()
  for (const part of [',', ' ,', ', ', '"",', '"a" ', 'W/', '""']) ifMatchFaults(`${part.repeat(1000).slice(0, 1023)}x`)
  t.ok(performance.now() - since < 1000)
})

t.test('Idempotency-Key: a string with quotes or without, as the contract has it', async (t) => {
  const isDeclared = declared('Idempotency-Key')
  const valid: [string, string][] = [
    ['a', 'a'],
    ['"a"', 'a'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['a/b+c=:!#~[]{}', 'a/b+c=:!#~[]{}'],
    ['"a,b;c"', 'a,b;c'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${String.raw`\"`.repeat(255)}"`, '"'.repeat(255)],
  ]
  for (const [header, key] of valid) {
    t.strictSame(idempotencyKeyFaults(header), [], header)
    t.equal(idempotencyKeyOf(header), key)
    t.ok(isDeclared(header), header)
  }
  const invalid = [
    ...['', ' ', '""', 'a b', '"a b"', '"a', 'a"', 'a, b', '"a", "b"', '"a";x=1', 'a;x', String.raw`a\b`, String.raw`"a\b"`],
    ...['\u00e9', '"\u00e9"', 'a\n', 'x'.repeat(256), `"${'x'.repeat(256)}"`, 'x'.repeat(16_000)],
  ]
  for (const header of invalid) {
    t.match(idempotencyKeyFaults(header), [{ code: 'validation_failed', text: /^Idempotency-Key: .* 255 / }], header)
    t.equal(idempotencyKeyOf(header), undefined)
    t.notOk(isDeclared(header), header)
  }
  t.strictSame([idempotencyKeyFaults(undefined), idempotencyKeyOf(undefined)], [[], undefined])
})
