import type { FastifyInstance, RouteHandlerMethod } from 'fastify'

/**
 * Serves a file, outside of the operations. HEAD is answered as GET without the body, for link checkers, monitors and caches.
 * Fastify's own HEAD routes would send `Content-Length: 0` with a 304, and GET does not.
 */
export function serveFile(app: FastifyInstance, url: string, handler: RouteHandlerMethod): void {
  app.route({ method: ['GET', 'HEAD'], url, handler })
}
