import fc from 'fast-check'

const codePoints = (test: (character: string) => boolean): string[] =>
  Array.from({ length: 0x20000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter(test)

// Few of all code points have a case, are marks or have a compatible form; those are what folding is about.
const cased = codePoints((character) => character.toUpperCase() !== character.toLowerCase())
const marks = codePoints((character) => /\p{M}/u.test(character))
const compatible = codePoints((character) => character.normalize('NFKC') !== character)
const ascii = codePoints((character) => /^[\x20-\x7e]$/.test(character))

/** One code point, never a surrogate; every one can come, and those that folding changes come often. */
export const character: fc.Arbitrary<string> = fc.oneof(
  ...[cased, marks, compatible, ascii].map((characters) => fc.constantFrom(...characters)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)

/** What no string may hold. */
const CONTROL = /\p{Cc}/u

/** A string that every field takes: at most `maxLength` code points and no control characters. */
export const text = (maxLength: number, minLength = 0): fc.Arbitrary<string> =>
  fc.string({ unit: character.filter((one) => !CONTROL.test(one)), minLength, maxLength, size: 'max' })

/** Characters that are blank when drawn, though Unicode does not class them as white space. */
const BLANKS = ['\u2800', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{16fe4}']

/** The rules of a username, said another way than the server does. */
export function isValidUsername(name: string): boolean {
  const characters = Array.from(name)
  return (
    characters.length >= 1 &&
    characters.length <= 150 &&
    !characters.some((one) => /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]$/u.test(one) || /^\p{DI}$/u.test(one)) &&
    [characters[0]!, characters.at(-1)!].every((one) => !/^\p{White_Space}$/u.test(one) && !BLANKS.includes(one))
  )
}

/** A valid username. */
export const username: fc.Arbitrary<string> = fc
  .string({ unit: character, minLength: 1, maxLength: 150 })
  .filter(isValidUsername)
