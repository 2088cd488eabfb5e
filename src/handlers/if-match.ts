import type { Fault } from '../errors.js'

/** Characters that an `If-Match` may have: `maxLength` in the contract. */
const LONGEST = 1024

// RFC 9110, sections 8.8.3 and 5.6.1: tags with commas between, where a recipient bears empty elements.
const TAG = String.raw`(?:W\/)?"[!#-~\x80-\xff]*"`
const FORM = new RegExp(`^(?:\\*|(?:[ \\t]*,)*[ \\t]*${TAG}(?:[ \\t]*,(?:[ \\t]*${TAG})?)*[ \\t]*)$`)
const TAGS = new RegExp(TAG, 'g')

/** What is wrong with an `If-Match`. */
export function ifMatchFaults(header: string | undefined): Fault[] {
  if (header === undefined || (header.length <= LONGEST && FORM.test(header))) return []
  const text = `If-Match: must be * or a list of entity tags, with at most ${String(LONGEST)} characters`
  return [{ code: 'validation_failed', text }]
}

/**
 * The tags of a valid `If-Match`; undefined where any state will do. A weak one keeps its `W/`, so that no strong one is equal
 * to it (RFC 9110, section 13.1.1).
 */
export function expectedTags(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header === '*') return undefined
  return Array.from(header.matchAll(TAGS), ([tag]) => tag)
}
