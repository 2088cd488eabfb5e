import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyRequest, FastifyServerOptions, onRequestHookHandler } from 'fastify'
import { Problem } from '../errors.js'
import { proxyPathOf } from '../settings.js'
import type { Trust } from './client-address.js'

const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[0-9A-Za-z._-]{1,255})(?::\d{1,5})?$/

/** The last well-formed Host: nearly all requests have the same one, and parsing it takes longer than the rest of a check. */
let lastHost = ''

function isHost(host: string | undefined): host is string {
  if (host === undefined || (host !== lastHost && !(HOST.test(host) && URL.canParse(`http://${host}`)))) return false
  lastHost = host
  return true
}

/** @param rawHeaders names and values in turn */
function hasOneHost(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1
}

/**
 * Refuses a request without exactly one well-formed `Host`, and closes the connection (RFC 9112, section 3.2).
 *
 * @throws {Problem} `malformed_request`
 */
export const requireHost: onRequestHookHandler = (request, _reply, done) => {
  if (hasOneHost(request.raw.rawHeaders) && isHost(request.headers.host)) {
    done()
    return
  }
  done(new Problem('malformed_request', ['Host: is missing or malformed'], { Connection: 'close' }))
}

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The path that a trusted proxy serves this server under, and strips from requests: its `X-Forwarded-Prefix`, as
     * `/directory`. Empty without a valid one.
     */
    readonly forwarded_prefix: string
  }
}

/** Gives each request the path that a proxy stripped, parsed on demand, since most requests never need it. */
export function findPrefixes(app: FastifyInstance, trust: Trust): void {
  app.decorateRequest('forwarded_prefix', {
    getter() {
      if (!trust(this.raw.socket.remoteAddress)) return ''
      // The last value is the nearest proxy's: a client may have sent the others. Fastify reads -Proto and -Host alike.
      const nearest = String(this.headers['x-forwarded-prefix'] ?? '').split(',').at(-1) as string
      return proxyPathOf(nearest.trim()) ?? ''
    },
  })
}

/** The public form of a path of this server: an absolute URL, or a path on the same origin. */
export function publicPath(request: FastifyRequest, publicUrl: string | undefined, path: string): string {
  return `${publicUrl ?? request.forwarded_prefix}${path}`
}

/**
 * The absolute URL of a request, as its client sees it. `X-Forwarded-Proto`, `-Host` and `-Prefix` count only from a
 * trusted proxy (`trustProxy` of Fastify).
 *
 * @param publicUrl its start, whatever the request says
 */
export function requestUrl(request: FastifyRequest, publicUrl: string | undefined): string {
  const host = isHost(request.host) ? request.host : String(request.headers.host)
  const { pathname, search } = new URL(request.originalUrl, `http://${host}`)
  // What a trusted proxy forwards may be anything; this server itself speaks plain HTTP.
  const scheme = request.protocol === 'https' ? 'https' : 'http'
  return `${publicUrl ?? `${scheme}://${host}${request.forwarded_prefix}`}${pathname}${search}`
}

/** The URL of a listener for clients on the same machine. */
export function localUrl({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  // Some systems can't connect to an unspecified address.
  const callable = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${String(port)}`
}

/**
 * The path of a request target, decoded, without its query; undefined when it can't be decoded. A target may be an absolute
 * URL (RFC 9112, section 3.2.2).
 */
export function pathOf(target: string): string | undefined {
  const [path] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1) as [string]
  if (!path.includes('%')) return path
  try {
    return decodeURI(path)
  } catch {
    return undefined
  }
}

/** A path that no route has. */
const NOWHERE = '/nowhere'

/** Sends a path that can't be decoded, and so names nothing, the way of every other unknown path. */
export const undecodableToNowhere: NonNullable<FastifyServerOptions['rewriteUrl']> = ({ url = '/' }) =>
  // Hardly any has a `%`, and taking one apart takes longer than to see that.
  url.includes('%') && pathOf(url) === undefined ? NOWHERE : url
