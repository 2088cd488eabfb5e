import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { css, DOCS, htmlOf } from './docs-page.js'
import { serveFile } from './files.js'
import { pathOf, publicPath } from './url.js'

/** What the page may do: run, show and ask what this server sends it, and nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI's style sheet has its icons in it, as data.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Nothing in these files is of people. A browser asks each time whether it has the newest.
  'Cache-Control': 'no-cache',
}

const ui = (name: string): Buffer => readFileSync(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)))

type Send = (request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Sends one file, compressed where the browser can read that; or tells that the browser has it already. */
function send(type: string, content: Buffer): Send {
  // A weak tag, since it stands for both encodings.
  const etag = `W/"${createHash('sha256').update(content).digest('base64url')}"`
  let compressed: Buffer | undefined
  return (request, reply) => {
    const vary = [reply.getHeader('Vary') ?? [], 'Accept-Encoding'].flat().join(', ')
    void reply.headers({ ...HEADERS, ETag: etag, Vary: vary })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    void reply.type(type)
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return reply.send(content)
    compressed ??= gzipSync(content)
    return reply.header('Content-Encoding', 'gzip').send(compressed)
  }
}

/**
 * Serves the reference of the contract for people: the page `/docs`, and its files. Each file has a route of its own, so no
 * path of a request ever becomes a path of the disk. The root leads to the page.
 */
export function serveDocs(app: FastifyInstance, publicUrl: string | undefined): void {
  const script = readFileSync(new URL('./docs-browser.js', import.meta.url))
  const isPublicPath = publicUrl !== undefined && new URL(publicUrl).pathname !== '/'
  serveFile(app, '/', (request, reply) => {
    // Relative if no path is known, since a proxy may strip a path without `X-Forwarded-Prefix`.
    const isKnown = isPublicPath || request.forwarded_prefix !== ''
    return reply.header('Content-Length', '0').redirect(isKnown ? publicPath(request, publicUrl, `/${DOCS}`) : DOCS)
  })
  const page = (root: './' | '../') => send('text/html; charset=utf-8', Buffer.from(htmlOf(root)))
  const file = page('./')
  const folder = page('../')
  // A browser resolves relative URLs against the page's URL, so its last slash decides.
  serveFile(app, `/${DOCS}`, (request, reply) => (String(pathOf(request.url)).endsWith('/') ? folder : file)(request, reply))
  serveFile(app, `/${DOCS}/page.css`, send('text/css; charset=utf-8', Buffer.from(css)))
  serveFile(app, `/${DOCS}/page.js`, send('text/javascript; charset=utf-8', script))
  serveFile(app, `/${DOCS}/swagger-ui.css`, send('text/css; charset=utf-8', ui('swagger-ui.css')))
  serveFile(app, `/${DOCS}/swagger-ui-bundle.js`, send('text/javascript; charset=utf-8', ui('swagger-ui-bundle.js')))
  serveFile(app, `/${DOCS}/favicon-32x32.png`, send('image/png', ui('favicon-32x32.png')))
}
