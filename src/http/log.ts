import type { FastifyInstance } from 'fastify'
import { destination, type Logger, pino } from 'pino'

/** Lines wait this long at most for others, in milliseconds. */
const FLUSH_MS = 100

/** Lines wait until there are this many bytes, and are written this many at most. A pipe takes no more in one piece. */
const LEAST_WRITE = 3584
const MOST_WRITE = 4096

/** What every line of a process has: its id where several write to one log, or nothing. */
export type LogBase = { readonly pid: number } | null

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
export function loggerOptions(level: string, base: LogBase) {
  return {
    level,
    base,
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    // A write a line would take longer than making it. An exit writes what is left.
    stream: destination({ dest: 1, sync: false, minLength: LEAST_WRITE, maxWrite: MOST_WRITE, periodicFlush: FLUSH_MS }),
  }
}

/** The same logger for a process that answers no requests. */
export function makeLogger(level: string, base: LogBase): Logger {
  const { stream, ...options } = loggerOptions(level, base)
  return pino(options, stream)
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
