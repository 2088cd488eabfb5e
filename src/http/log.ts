import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { destination } from 'pino'

type LoggerOptions = Exclude<FastifyServerOptions['logger'], boolean | undefined>

/** Lines wait this long at most for others, in milliseconds. */
const FLUSH_MS = 100

let now = 0
let time = ''

/** The field `time`, made once a millisecond: writing a date takes longer than the rest of most lines. */
function timestamp(): string {
  if (now !== Date.now()) {
    now = Date.now()
    time = `,"time":"${new Date(now).toISOString()}"`
  }
  return time
}

/** The logger: one JSON object a line to stdout. What is logged is an allow-list, the fields of `logAnswers`. */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp,
    formatters: { level: (label) => ({ level: label }) },
    // A write a line would take longer than making it. An exit writes what is left.
    stream: destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: FLUSH_MS }),
  }
}

/** Logs every answered request: never a header's value, a body, an address or a raw path. */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { id, caller, error_code, method } = request
    app.log.info(
      {
        request_id: id,
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
