import { isIPv4, isIPv6 } from 'node:net'

const LEADING_GROUPS = 4

/** An address as some gateways forward it: quoted, or in brackets. */
const WRAPPED = /^"?(?:\[([^\]]*)\](?::\d{1,5})?|([^"]*))"?$/

/** IPv4 in IPv6, as URL writes it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/** Longer than any address with its port and zone. */
const LONGEST = 100

function canonicalIPv6(address: string): string {
  // A zone names an interface of the machine that wrote it.
  const [withoutZone] = address.split('%', 1) as [string]
  const canonical = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)
  const [, high, low] = MAPPED.exec(canonical) ?? []
  if (high === undefined || low === undefined) return canonical
  const bits = (group: string): number => Number.parseInt(group, 16)
  return [bits(high) >> 8, bits(high) & 255, bits(low) >> 8, bits(low) & 255].join('.')
}

/**
 * The address in a text as sockets and gateways write it, in one spelling: without port, brackets, quotes and zone, and IPv4
 * as IPv4. Undefined where the text is no address, as `unknown` or an obfuscated name (RFC 7239, section 6).
 */
export function addressOf(text: string): string | undefined {
  if (text.length > LONGEST) return undefined
  const [, bracketed, plain] = WRAPPED.exec(text) ?? []
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIPv6(bracketed) : undefined
  if (plain === undefined) return undefined
  // IPv6 first: what looks like a port may be its last group.
  return [plain, plain.replace(/(?<!:):\d{1,5}$/, '')].map((one) => (isIPv6(one) ? canonicalIPv6(one) : one)).find((one) => isIPv4(one) || isIPv6(one))
}

/**
 * The network of an address, for limits of requests and for failed sign-ins: an IPv4 address, or the first 64 bits of an
 * IPv6 one, since a site has all of its network. Empty where the text is no address.
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
