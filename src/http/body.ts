import type { FastifyInstance, FastifyRequest } from 'fastify'
import { operations } from '../../generated/operations.js'
import { Problem } from '../errors.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The `Content-Type` as it was sent; empty when it was not. */
    content_type: string
  }
}

/** Bytes that a body may have (CONTRACT.md, "Objects"). */
export const BODY_LIMIT = 262_144

/** How deep JSON may be nested (CONTRACT.md, "What existing clients do"). */
const DEPTH_LIMIT = 20

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*(?:utf-8|"utf-8")\s*)?;?\s*$/i
const utf8 = new TextDecoder('utf-8', { fatal: true })

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((child) => isDeeper(child, depth - 1))
}

function requireJsonType({ content_type, headers }: FastifyRequest): void {
  const { 'content-encoding': encoding = 'identity' } = headers
  if (!JSON_TYPE.test(content_type)) throw new Problem('unsupported_media_type', ['Content-Type: must be application/json'])
  if (encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', ['Content-Encoding: must be identity'])
  }
}

function parseJson(bytes: Buffer): unknown {
  let body: unknown
  try {
    body = JSON.parse(utf8.decode(bytes))
  } catch (error) {
    const fault = error instanceof SyntaxError ? 'is not valid JSON' : 'is not UTF-8'
    throw new Problem('malformed_json', [`body: ${fault}`])
  }
  if (isDeeper(body, DEPTH_LIMIT)) {
    throw new Problem('malformed_json', [`body: must not be nested deeper than ${String(DEPTH_LIMIT)}`])
  }
  return body
}

/**
 * Reads bodies: first the limit of bytes (413), then the media type (415), then UTF-8, JSON and depth (400). The body of an
 * operation that has none in the contract is ignored, whatever it is.
 */
export function readBodies(app: FastifyInstance): void {
  app.decorateRequest('content_type', '')
  app.addHook('onRequest', (request, _reply, done) => {
    request.content_type = request.headers['content-type'] ?? ''
    // Fastify would refuse a malformed type before it counts bytes, and where no body is expected; and it would validate
    // no body whose type it does not find in the contract.
    request.raw.headers['content-type'] = 'application/json'
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (request, bytes: Buffer, done) => {
    const { operation_id: operationId } = request
    if (operationId === undefined || !operations[operationId].hasBody || bytes.length === 0) {
      done(null)
      return
    }
    try {
      requireJsonType(request)
      done(null, parseJson(bytes))
    } catch (error) {
      done(error as Problem)
    }
  })
}
