import type { FastifyInstance } from 'fastify'
import { Problem } from '../errors.js'
import type { OperationId } from '../handlers/seam.js'
import { pathOf } from './url.js'

interface Route {
  readonly method: string
  readonly path: RegExp
  readonly operation_id: OperationId | undefined
}

function pathPattern(url: string): RegExp {
  const segments = url.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.')))
  return new RegExp(`^${segments.join('/').replace(/\/$/, '')}/?$`)
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The operations that share the path of this request; the request's own alone, once its method is known to be right. */
    operation_ids: readonly OperationId[]
    /** The operation that the request calls; undefined where it calls none. */
    operation_id: OperationId | undefined
    /** The template of the path of its route; undefined where there is none. */
    route: string | undefined
  }
}

/**
 * Answers unknown paths (404) and methods that a path does not have (405), before anything else is looked at. Must be called
 * before the routes are made.
 */
export function refuseUnknownPaths(app: FastifyInstance): void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    routes.push({ method: [method].flat().join(', '), path: pathPattern(url), operation_id: config?.operationId })
  })
  app.decorateRequest('operation_ids')
  app.decorateRequest('operation_id')
  app.decorateRequest('route')
  app.addHook('onRequest', (request, _reply, done) => {
    // Fastify makes this object anew each time that it is asked for.
    const { config: { operationId }, url } = request.routeOptions
    request.operation_id = operationId
    request.route = url
    request.operation_ids = operationId === undefined ? [] : [operationId]
    if (!request.is404) {
      done()
      return
    }
    const path = String(pathOf(request.url))
    const there = routes.filter((route) => route.path.test(path))
    const allow = there.map((route) => route.method).join(', ')
    if (allow === '') {
      done(new Problem('not_found', ['This path does not exist.']))
      return
    }
    request.operation_ids = there.flatMap(({ operation_id }) => operation_id ?? [])
    done(new Problem('method_not_allowed', [`This path has only these methods: ${allow}`], { Allow: allow }))
  })
}
