import type { Fault } from '../errors.js'

// A string of RFC 8941, or the same characters as they are but for those that end an item or begin another.
const FORM = /^(?:"((?:[!#-[\]-~]|\\["\\]){1,255})"|([!#-+\--:<-[\]-~]{1,255}))$/

/** The key of an `Idempotency-Key`, which is the same with and without quotes; undefined for what is none. */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  const [, quoted, bare] = FORM.exec(header ?? '') ?? []
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? bare
}

/** What is wrong with an `Idempotency-Key`. */
export function idempotencyKeyFaults(header: string | undefined): Fault[] {
  if (header === undefined || idempotencyKeyOf(header) !== undefined) return []
  const text = 'Idempotency-Key: must be one string of 1 to 255 visible ASCII characters, in quotes or without'
  return [{ code: 'validation_failed', text }]
}
