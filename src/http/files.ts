import type { FastifyInstance, RouteHandlerMethod } from 'fastify'

/**
 * Serves what is no operation. HEAD is answered as GET is, without the body: link checkers, monitors and caches ask so.
 * Fastify's own HEAD routes say a length of 0 with 304, which GET does not.
 */
export function serveFile(app: FastifyInstance, url: string, handler: RouteHandlerMethod): void {
  app.route({ method: ['GET', 'HEAD'], url, handler })
}
