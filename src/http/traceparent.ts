/** Where a request stands in a trace of its client (W3C Trace Context, `traceparent`). */
export interface Traceparent {
  readonly trace_id: string
  readonly span_id: string
  readonly flags: number
}

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/

/** Reads a `traceparent` header. One that is malformed is as if it were not sent. */
export function parseTraceparent(header: string | string[] | undefined): Traceparent | undefined {
  if (typeof header !== 'string') return undefined
  const [, trace_id, span_id, flags = ''] = FORM.exec(header) ?? []
  return trace_id === undefined || span_id === undefined ? undefined : { trace_id, span_id, flags: Number.parseInt(flags, 16) }
}
