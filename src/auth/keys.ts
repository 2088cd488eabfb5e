import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { DAY_MS } from '../settings.js'

/** Days that a made key lives at most, and where nothing else is said (CONTRACT.md, "Who may do what"). */
export const KEY_DAYS = 1000

/** 43 characters of 62 are 256 bits. */
const SECRET_LENGTH = 43
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECKSUM_LENGTH = 7
const SHOWN_OF_SECRET = 4

// The number is below 2^48: at most ten characters in base36, with no zero in front.
const FORM = /^(rst_(0|[1-9a-z][0-9a-z]{0,9})_[0-9A-Za-z]{43})_([0-9a-z]{7})$/

/** A key whose form and checksum are right. Whether it is valid, only the database knows. */
export interface ParsedKey {
  readonly enterprise_id: number
  /** SHA-256 of the whole key, in hexadecimal: what is stored and looked up. */
  readonly hash: string
  /** The key up to the fourth character of its secret: safe to show and log. */
  readonly prefix: string
}

function checksum(body: string): string {
  return crc32(body).toString(36).padStart(CHECKSUM_LENGTH, '0')
}

/** Takes a key apart, or says undefined for a text that is none: no database is needed to refuse a typo. */
export function parseKey(key: string): ParsedKey | undefined {
  const [, body, number, sum] = FORM.exec(key) ?? []
  if (body === undefined || number === undefined || sum !== checksum(body)) return undefined
  const enterprise_id = Number.parseInt(number, 36)
  if (enterprise_id >= 2 ** 48) return undefined
  return {
    enterprise_id,
    hash: hash('sha256', key),
    prefix: body.slice(0, body.length - SECRET_LENGTH + SHOWN_OF_SECRET),
  }
}

/**
 * A new key of an enterprise: `rst_` number `_` secret `_` checksum (CONTRACT.md, "Keys"), and what to store of it.
 *
 * @param livesMs how long it lives once it is stored, in milliseconds
 */
export function makeKey(
  enterprise_id: number,
  livesMs = KEY_DAYS * DAY_MS,
): ParsedKey & { readonly key: string; readonly expires_on: { readonly livesMs: number } } {
  const secret = Array.from({ length: SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('')
  const body = `rst_${enterprise_id.toString(36)}_${secret}`
  const key = `${body}_${checksum(body)}`
  return { ...(parseKey(key) as ParsedKey), key, expires_on: { livesMs } }
}
