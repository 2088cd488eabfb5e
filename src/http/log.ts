import type { FastifyInstance, FastifyServerOptions } from 'fastify'

type LoggerOptions = Exclude<FastifyServerOptions['logger'], boolean | undefined>

/** The logger: one JSON object a line to stdout. What is logged is an allow-list, the fields of `logAnswers`. */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  }
}

/** Logs every answered request: never a header's value, a body, an address or a raw path. */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { caller, error_code, method } = request
    request.log.info(
      {
        operation_id: request.routeOptions.config.operationId,
        method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
        enterprise: caller?.enterprise.uuid,
        user_id: caller?.user.id,
        key_prefix: caller?.key_prefix,
        error_code,
      },
      'answered',
    )
    done()
  })
}
