import { hash } from 'node:crypto'
import type { components } from '../../generated/openapi.js'

/** One change, as the contract shows it, `audit export` prints it, and `hash` covers it. */
export type AuditEntry = components['schemas']['AuditEntry']

/** The values of something before and after a change: only what changed, under the API's names, never a secret. */
export type AuditValues = components['schemas']['AuditValues']

/** What the first entry of an enterprise has as `prev`. */
export const NO_HASH = '0'.repeat(64)

/**
 * A JSON value as RFC 8785 serialises it: members sorted by name in UTF-16, no white space. Members that are undefined are
 * left out, as JSON does.
 */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  // UTF-16 order is what `<` of strings is.
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** The fields of an entry that Postgres alone knows when it is written, in the order of `canonical`. */
const HOLES = ['created_on', 'prev', 'seq', 'target', 'user_id'] as const

/** The canonical form of an entry around the values of `created_on`, `prev`, `seq`, `target` and `user_id`: six texts. */
export function canonicalAround(known: Omit<AuditEntry, 'hash' | (typeof HOLES)[number]>): string[] {
  // No text of a value can have the character that stands for a hole: JSON escapes it.
  const HOLE = '\u0000'
  const members = new Map(Object.entries(known).map(([name, value]) => [name, canonical(value)]))
  for (const name of HOLES) members.set(name, HOLE)
  const sorted = [...members.keys()].sort().map((name) => `"${name}":${String(members.get(name))}`)
  return `{${sorted.join(',')}}`.split(HOLE)
}

/** The hash of an entry: the SHA-256, in hexadecimal, of all its fields but `hash`, in canonical form. */
export function hashOf(entry: Omit<AuditEntry, 'hash'> & { readonly hash?: string }): string {
  return hash('sha256', canonical({ ...entry, hash: undefined }))
}
