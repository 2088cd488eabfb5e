import { createHash } from 'node:crypto'

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

// Cc, Cf, Zl, Zp, and surrogates that are not in a pair.
const FORBIDDEN_IN_USERNAME = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const WHITE_SPACE_AT_AN_END = /^\p{White_Space}|\p{White_Space}$/u

/** The format `username` of the contract. Length is not looked at. */
export function isUsername(name: string): boolean {
  return !FORBIDDEN_IN_USERNAME.test(name) && !WHITE_SPACE_AT_AN_END.test(name)
}
