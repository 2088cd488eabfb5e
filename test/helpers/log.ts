import type { FastifyInstance } from 'fastify'

/** Catches what an application logs, as objects, instead of writing it to stdout. */
export function catchLog(app: FastifyInstance): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  // pino keeps its stream behind a symbol of its own; the loggers of requests inherit it.
  const stream = Object.getOwnPropertySymbols(app.log).find((symbol) => symbol.description === 'pino.stream')
  if (stream === undefined) throw new Error('the logger has no stream')
  Object.assign(app.log, {
    [stream]: {
      write(line: string, bytes = Buffer.byteLength(line)) {
        if (bytes !== Buffer.byteLength(line)) throw new Error(`${String(bytes)} are not the bytes of ${line}`)
        lines.push(JSON.parse(line) as Record<string, unknown>)
      },
    },
  })
  return lines
}
