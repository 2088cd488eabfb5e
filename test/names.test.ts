import { fold, isName, isUsername, nameKey } from '../src/names.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

/** A name as code points: a line of output can't hold them all. */
const shown = (name: string): string => Array.from(name, (c) => c.codePointAt(0)!.toString(16)).join(' ')

t.test('names that are one name', async (t) => {
  for (const [a, b] of [
    ['alice', 'ALICE'],
    ['straße', 'STRASSE'],
    ['ﬁona', 'FIONA'],
    ['Å', 'A\u030a'],
    ['\u212b', 'å'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
    ['ａｌｉｃｅ', 'Alice'],
    ['K', '\u212a'],
    ['ǆ', 'ǅ'],
    ['²', '2'],
    ['ŉ', '\u02bcN'],
    ['İ', 'i\u0307'],
    ['\u0390', '\u1fd3'],
    ['e\u0323\u0302', 'e\u0302\u0323'],
  ] as const) {
    t.equal(fold(a), fold(b), `${a} ${b}`)
    t.equal(nameKey(a), nameKey(b))
  }
})

t.test('names that are two', async (t) => {
  for (const [a, b] of [
    ['alice', 'alicf'],
    ['a', 'á'],
    ['i', 'İ'],
    ['a b', 'ab'],
    ['a', 'а'], // the second one is Cyrillic
    ['a\u0301\u0323', 'a\u0301'],
  ] as const) {
    t.not(fold(a), fold(b), `${a} ${b}`)
    t.not(nameKey(a), nameKey(b))
  }
})

t.test('folded as the contract says: NFKC(lower(upper(NFKC(s))))', async (t) => {
  t.equal(fold('Straße'), 'strasse')
  t.equal(fold('ﬁ'), 'fi')
  t.equal(fold('İ'), 'i\u0307')
  t.equal(fold('ı'), 'i', 'upper case first makes the dotless one a plain i')
  t.equal(fold('ẞ'), 'ß', 'the capital one is its own upper case, so it is not the name of ß')
  t.equal(fold(''), '')
})

t.test('the key is of one length, also where folding makes the name longer', async (t) => {
  t.equal(fold('ﷺ'.repeat(150)).length, 2700)
  for (const name of ['', 'a', 'ﷺ'.repeat(150), '\u{1F600}'.repeat(150), 'ΐ'.repeat(150)]) t.match(nameKey(name), /^[\w-]{43}$/)
  t.equal(nameKey('ALICE'), 'K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA', 'base64url of the SHA-256 of alice')
})

t.test('usernames', async (t) => {
  for (const name of [
    'alice', 'a', '', 'a b', 'ß', 'İ', 'ﬁ', 'ﷺ', 'ﷺ'.repeat(150), '\u{1F600}', 'e\u0301', '\u0301', 'a\u3000b', '李雷', "o'neil",
    'a@b.example', '<script>', '\ue000', '\u{10ffff}',
  ]) t.ok(isUsername(name), shown(name))
})

t.test('what is no username, anywhere in it', async (t) => {
  const forbidden = {
    Cc: ['\0', '\t', '\n', '\r', '\x1b', '\x7f', '\x85'],
    Cf: ['\xad', '\u200b', '\u200d', '\u200e', '\u202e', '\u2066', '\ufeff', '\u{e0041}'],
    Zl: ['\u2028'],
    Zp: ['\u2029'],
    'lone surrogates': ['\ud83d', '\ude00', '\ude00\ud83d'],
  }
  for (const [kind, characters] of Object.entries(forbidden)) {
    for (const character of characters) {
      for (const name of [character, `${character}a`, `a${character}`, `a${character}b`]) t.notOk(isUsername(name), `${kind} ${shown(name)}`)
    }
  }
})

t.test('white space at the ends is none, inside it is', async (t) => {
  for (const space of [' ', '\xa0', '\u1680', '\u2003', '\u202f', '\u205f', '\u3000']) {
    for (const name of [space, `${space}a`, `a${space}`]) t.notOk(isUsername(name), shown(name))
    t.ok(isUsername(`a${space}b`), shown(space))
  }
})

// Default-ignorable ones of every kind: variation selectors, joiners, fillers, tags, and unassigned ones that never will be drawn.
const IGNORABLE = [
  '\ufe0f', '\ufe00', '\u034f', '\u{e0100}', '\u{e01ef}', '\u17b4', '\u17b5', '\u3164', '\uffa0', '\u115f', '\u1160', '\u180b', '\u180f', '\u2065', '\ufff0',
  '\u{1bca0}', '\u{1d173}', '\u{e0fff}',
]
// Drawn as nothing, though Unicode has them as symbols, letters or marks.
const BLANKS = ['\u2800', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{16fe4}']

t.test('what nobody sees is no part of a username, and no name of anything', async (t) => {
  for (const character of IGNORABLE) {
    for (const name of [character, `bob${character}`, `${character}bob`, `b${character}ob`, character.repeat(150)]) {
      t.notOk(isUsername(name), shown(name))
      t.notOk(isName(name), shown(name))
    }
  }
  for (const character of BLANKS) {
    for (const name of [character, `bob${character}`, `${character}bob`, `${character} ${character}`]) t.notOk(isUsername(name), shown(name))
    for (const name of [character, `${character} ${character}`, ` ${character}`]) t.notOk(isName(name), shown(name))
    t.ok(isUsername(`b${character}ob`), 'braille has it between words')
    t.ok(isName(`bob${character}`))
  }
})

t.test('names of things', async (t) => {
  for (const name of ['a', '', ' a ', 'nightly report', '⚙ laptop', '\u{1f5a5}', 'e\u0301', '李雷', '\u2803\u2815\u2803', '\u0600a']) t.ok(isName(name), shown(name))
  for (const name of [' ', '\u3000\u2003', '\ufff9', 'a\0', 'a\x85', 'a\ud800', 'a\u200d', '\u2699\ufe0f laptop', '\u200b']) t.notOk(isName(name), shown(name))
})
