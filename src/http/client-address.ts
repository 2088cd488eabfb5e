import { BlockList, isIPv4 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { addressOf } from '../auth/network.js'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The address of the client: the peer's, or the one that trusted proxies name in `X-Forwarded-For`. Empty after the client
     * has disconnected. Fastify's `ip` does not serve: it accepts any text of a proxy as an address.
     */
    readonly client_address: string
  }
}

/** Whether a peer is a proxy whose `X-Forwarded-…` headers count. */
export type Trust = (address: string | undefined) => boolean

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** The length of the prefix of IPv4-mapped IPv6 addresses. */
const MAPPED_BITS = 96

/** Makes the check of whether a peer is in these networks, those of `ROSTER_TRUSTED_PROXIES`. */
export function trustOf(networks: readonly string[]): Trust {
  const list = new BlockList()
  for (const network of networks) {
    const [text, bits] = network.split('/') as [string, string | undefined]
    const address = addressOf(text) as string
    const family = familyOf(address)
    const isMapped = family === 'ipv4' && text.includes(':')
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, isMapped ? Math.max(0, Number(bits) - MAPPED_BITS) : Number(bits), family)
  }
  return (text) => {
    const address = text === undefined ? undefined : addressOf(text)
    return address !== undefined && list.check(address, familyOf(address))
  }
}

/**
 * The client's address: each trusted proxy, from the peer on, names the hop before it. A text that is not an address stands for
 * the proxy that sent it. Otherwise, all such clients of all proxies would share one rate limit.
 *
 * @param forwarded the value of `X-Forwarded-For`, with the nearest hop last
 */
export function clientAddress(peer: string, forwarded: string, trust: Trust): string {
  let client = peer
  let end = forwarded.length
  while (end > 0 && trust(client)) {
    const comma = forwarded.lastIndexOf(',', end - 1)
    const element = forwarded.slice(comma + 1, end).trim()
    end = comma
    // RFC 9110, section 5.6.1: empty elements of a list do not count.
    if (element === '') continue
    const address = addressOf(element)
    if (address === undefined) break
    client = address
  }
  return client
}

/** Gives each request the address of its client, parsed on demand, since most requests never need it. */
export function findClients(app: FastifyInstance, trust: Trust): void {
  app.decorateRequest('client_address', {
    getter() {
      const peer = this.raw.socket.remoteAddress ?? ''
      return clientAddress(peer, String(this.headers['x-forwarded-for'] ?? ''), trust)
    },
  })
}
