import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type Logger, pino, symbols } from 'pino'
import { Lines, notes, type Sizes } from './lines.js'
import type { SignInRefusal } from '../users/sign-in.js'
import { parseTraceparent } from './traceparent.js'

/** A write costs much more than a line of it. */
const OF_ONE: Sizes = { minLength: 16_384, maxWrite: 32_768 }

/** The same where several processes write to one log: a pipe takes no more in one piece. */
const OF_SEVERAL: Sizes = { minLength: 3584, maxWrite: 4096 }

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

/** Reports on stderr that lines are dropped, since the log itself can't. */
function sayDropped(code: string): void {
  const why = code === 'EAGAIN' ? 'its reader is slow or has stopped' : code
  notes().write(
    `roster: process ${String(process.pid)} can't write its log to stdout (${why}) and drops lines: mend where stdout leads. ` +
      'roster_log_lines_dropped_total counts them.\n',
  )
}

/** The logger: one JSON object a line to stdout. What is logged is an allow-list, the fields of `logAnswers`. */
export function loggerOptions(level: string, base: LogBase) {
  const sizes = base === null ? OF_ONE : OF_SEVERAL
  return {
    level,
    base,
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    stream: new Lines(() => process.stdout, sizes, sayDropped),
  }
}

/** The same logger for a process that answers no requests. */
export function makeLogger(level: string, base: LogBase): Logger {
  const { stream, ...options } = loggerOptions(level, base)
  return pino(options, stream)
}

/** What lines of answers need of pino's logger, whose stream has no public name but this symbol. */
type LineLogger = Pick<Logger, 'isLevelEnabled'> & {
  readonly [symbols.streamSym]: Lines
}

/** The stream of a logger. */
export function linesOf(log: FastifyBaseLogger): Lines {
  return (log as unknown as LineLogger)[symbols.streamSym]
}

/** The fields of a refused sign-in in its line. */
function refusalText({ reason, enterprise, network }: SignInRefusal): string {
  const of = enterprise === undefined ? '' : `,"enterprise":"${enterprise}"`
  return `${of},"network":"${network}","reason":"${reason}"`
}

/** Logs every answered request: never a header's value, a body, an address or a raw path. */
export function logAnswers(app: FastifyInstance, base: LogBase, withSignIns: boolean): void {
  app.decorateRequest('trace_id')
  const log = app.log as unknown as LineLogger
  if (!log.isLevelEnabled('info')) return
  const of = base === null ? '' : `,"pid":${String(base.pid)}`
  app.addHook('onResponse', (request, reply, done) => {
    const { id, caller, error_code, method, operation_id, route, refused_sign_in } = request
    const trace_id = request.trace_id ?? parseTraceparent(request.headers.traceparent)?.trace_id
    // Written as it is, since pino would take a tenth of the time of a request for it. No value needs to be escaped, or has more
    // bytes than characters: each is a number, or of a closed set of words, or its form was checked.
    const line =
      `{"level":"info"${timestamp()}${of},"request_id":"${id}"` +
      (trace_id === undefined ? '' : `,"trace_id":"${trace_id}"`) +
      (operation_id === undefined ? '' : `,"operation_id":"${operation_id}"`) +
      `,"method":"${method}"` +
      (route === undefined ? '' : `,"route":"${route}"`) +
      `,"status":${String(reply.statusCode)},"duration_ms":${String(Math.round(reply.elapsedTime * 1000) / 1000)}` +
      (caller === undefined
        ? ''
        : `,"enterprise":"${caller.enterprise.uuid}","user_id":${String(caller.user.id)},"key_prefix":"${caller.key_prefix}"`) +
      (refused_sign_in === undefined || !withSignIns ? '' : refusalText(refused_sign_in)) +
      (error_code === undefined ? '' : `,"error_code":"${error_code}"`) +
      ',"msg":"answered"}\n'
    log[symbols.streamSym].write(line, line.length)
    done()
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace that the request was made a part of here; undefined where nothing is traced. */
    trace_id: string | undefined
  }
}
