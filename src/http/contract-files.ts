import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { apiPrefix } from '../../generated/operations.js'
import { openapiJson, openapiYaml } from '../contract.js'
import { serveFile } from './files.js'
import { publicPath } from './url.js'

/**
 * Sends a text of the contract. Its `servers` name the public path of the API, which depends on the proxy of the request.
 *
 * @param named the text in `servers` that holds the path of the API
 */
function send(type: string, text: string, named: string, publicUrl: string | undefined): RouteHandlerMethod {
  const at = text.indexOf(named)
  const before = text.slice(0, at)
  const after = text.slice(at + named.length)
  return (request, reply) => {
    const url = publicPath(request, publicUrl, apiPrefix)
    // The URL needs no escape in JSON or YAML: `settings.ts` allows unreserved characters alone.
    return reply.type(type).send(`${before}${named.replace(apiPrefix, url)}${after}`)
  }
}

/** Serves the contract to programs, unchanged but for its `servers`. */
export function serveContract(app: FastifyInstance, publicUrl: string | undefined): void {
  serveFile(app, '/openapi.json', send('application/json', openapiJson, `"url": "${apiPrefix}"`, publicUrl))
  serveFile(app, '/openapi.yaml', send('application/yaml', openapiYaml, `- url: ${apiPrefix}`, publicUrl))
}
