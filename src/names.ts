import { createHash } from 'node:crypto'
import { OperatorError } from './errors.js'

/**
 * A name or an address as comparisons see it: NFKC(lower(upper(NFKC(s)))) (CONTRACT.md, "Objects"). Upper case first,
 * so that `ß` and `SS` are one name.
 */
export function fold(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}

/**
 * The digest of the folded name that the database compares: base64url of SHA-256, 43 characters. Folding can make a name
 * many times longer than an index entry may be, its digest never is.
 */
export function nameKey(name: string): string {
  return createHash('sha256').update(fold(name)).digest('base64url')
}

// Cc, and lone surrogates.
const FORBIDDEN_IN_TEXT = /[\p{Cc}\p{Cs}]/u
// Cc, Cf, Zl, Zp, lone surrogates, and invisible characters (Default_Ignorable_Code_Point): with them, two
// different names would look the same.
const FORBIDDEN_IN_USERNAME = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u
const FORBIDDEN_IN_NAME = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/u
// White space, and the visible categories' blank characters: of Braille, musical notation, hieroglyphs and Khitan.
const BLANK = String.raw`\u{16FE4}\p{White_Space}\u2800\u{1D159}\u{13441}\u{13442}`
const BLANK_AT_AN_END = new RegExp(`^[${BLANK}]|[${BLANK}]$`, 'u')
const BLANK_ALL = new RegExp(`^[${BLANK}\\p{Cf}]+$`, 'u')

/** The characters `text` of the contract. */
export function isText(text: string): boolean {
  return !FORBIDDEN_IN_TEXT.test(text)
}

/** The characters `name` of the contract, for names of keys. Length is not checked. */
export function isName(name: string): boolean {
  return !FORBIDDEN_IN_NAME.test(name) && !BLANK_ALL.test(name)
}

/** The characters `username` of the contract. Length is not checked. */
export function isUsername(name: string): boolean {
  return !FORBIDDEN_IN_USERNAME.test(name) && !BLANK_AT_AN_END.test(name)
}

/**
 * Refuses what is no name of an enterprise or a client (CONTRACT.md, "Objects").
 *
 * @param what what is named, for the message
 * @throws {OperatorError} with exit code 2
 */
export function requireName(what: string, name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return
  throw new OperatorError(`the name of ${what} must be 1 to 63 of a-z, 0-9 and -, not beginning with -`, 2)
}
