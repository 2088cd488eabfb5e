import { isIPv4, isIPv6 } from 'node:net'

const LEADING_GROUPS = 4

/**
 * What counts as one network, for limits of requests and for failed sign-ins: an IPv4 address, or the first 64 bits of an
 * IPv6 one, since a site has all of its network. What a trusted proxy forwards may be no address; all of that is one client.
 */
export function networkOf(address: string): string {
  const mapped = address.slice(address.lastIndexOf(':') + 1)
  if (isIPv4(mapped)) return mapped
  if (!isIPv6(address)) return ''
  const [left = '', right] = address.split('::')
  const leading = left.split(':').slice(0, LEADING_GROUPS)
  const trailing = right?.split(':') ?? []
  const zeros = right === undefined ? 0 : 8 - leading.length - trailing.length
  const groups = [...leading, ...Array<string>(Math.max(0, zeros)).fill('0'), ...trailing].slice(0, LEADING_GROUPS)
  return groups.map((group) => Number.parseInt(group || '0', 16).toString(16)).join(':')
}
