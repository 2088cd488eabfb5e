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

// Cc, and surrogates that are not in a pair.
const FORBIDDEN_IN_TEXT = /[\p{Cc}\p{Cs}]/u
// Cc, Cf, Zl, Zp, and surrogates that are not in a pair.
const FORBIDDEN_IN_USERNAME = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const WHITE_SPACE_AT_AN_END = /^\p{White_Space}|\p{White_Space}$/u

/** The characters `text` of the contract. */
export function isText(text: string): boolean {
  return !FORBIDDEN_IN_TEXT.test(text)
}

/** The characters `username` of the contract. Length is not looked at. */
export function isUsername(name: string): boolean {
  return !FORBIDDEN_IN_USERNAME.test(name) && !WHITE_SPACE_AT_AN_END.test(name)
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
