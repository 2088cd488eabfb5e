import type { FastifyInstance } from 'fastify'
import { openapiJson, openapiYaml } from '../contract.js'
import { serveFile } from './files.js'

/** Serves the contract as it was written, to programs. */
export function serveContract(app: FastifyInstance): void {
  serveFile(app, '/openapi.json', (_request, reply) => reply.type('application/json').send(openapiJson))
  serveFile(app, '/openapi.yaml', (_request, reply) => reply.type('application/yaml').send(openapiYaml))
}
