import { isIP, isIPv4, isIPv6 } from 'node:net'

const LEADING_GROUPS = 4

/** The forms in which gateways forward an address: with quotes or brackets, and with a port after brackets. */
const WRAPPED = /^"?(?:\[([^\]]*)\](?::\d{1,5})?|([^"]*))"?$/

/** An IPv4-mapped IPv6 address, as `URL` serializes it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/** Longer than any address with its port and zone. */
const LONGEST = 100

function canonicalIPv6(address: string): string {
  // A zone names an interface of the sender, so it does not tell clients apart.
  const [withoutZone] = address.split('%', 1) as [string]
  const canonical = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)
  const [, high, low] = MAPPED.exec(canonical) ?? []
  if (high === undefined || low === undefined) return canonical
  const bits = (group: string): number => Number.parseInt(group, 16)
  return [bits(high) >> 8, bits(high) & 255, bits(low) >> 8, bits(low) & 255].join('.')
}

/**
 * Parses an address as sockets and gateways write it, and returns its canonical form: without port, brackets, quotes and zone.
 * An IPv4-mapped address becomes IPv4. Undefined for a text that is not an address, as `unknown` (RFC 7239, section 6).
 */
export function addressOf(text: string): string | undefined {
  if (text.length > LONGEST) return undefined
  const [, bracketed, plain] = WRAPPED.exec(text) ?? []
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIPv6(bracketed) : undefined
  if (plain === undefined) return undefined
  // The text as a whole comes first: its end may look like a port and be the last group of an IPv6 address.
  return [plain, plain.replace(/(?<!:):\d{1,5}$/, '')].map((text) => (isIPv6(text) ? canonicalIPv6(text) : text)).find((text) => isIP(text) !== 0)
}

/**
 * The network of an address, for limits of requests and for failed sign-ins: an IPv4 address, or the first 64 bits of an
 * IPv6 address, since a site has a whole /64. Empty for a text that is not an address.
 */
export function networkOf(text: string): string {
  const address = addressOf(text)
  if (address === undefined || isIPv4(address)) return address ?? ''
  const [left = '', right] = address.split('::')
  const leading = left.split(':').slice(0, LEADING_GROUPS)
  const trailing = right?.split(':') ?? []
  const zeros = right === undefined ? 0 : 8 - leading.length - trailing.length
  const groups = [...leading, ...Array<string>(Math.max(0, zeros)).fill('0'), ...trailing].slice(0, LEADING_GROUPS)
  return groups.map((group) => group || '0').join(':')
}
