/** Groups of an IPv6 address that name a network: a customer has 64 bits and more to itself (RFC 6177). */
const NETWORK_GROUPS = 4
const GROUPS = 8

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':')
}

/**
 * The network that failed sign-ins are counted for: an IPv4 address, also one that is written as IPv6, or the /64 of an IPv6
 * address.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%')
  if (plain.includes('.')) return plain.slice(plain.lastIndexOf(':') + 1)
  const [head = '', tail] = plain.split('::')
  const first = groupsOf(head)
  const last = groupsOf(tail ?? '')
  const zeros = tail === undefined ? 0 : GROUPS - first.length - last.length
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last].map((group) => group.replace(/^0+(?=.)/, ''))
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`
}
