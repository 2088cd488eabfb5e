import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { FastifyInstance } from 'fastify'
import type { LogEvent } from 'kysely'
import type { Passwords } from '../auth/passwords.js'
import type { TracesConfig } from '../config.js'
import { spec } from '../contract.js'
import { parseTraceparent } from '../http/traceparent.js'
import { Batches, Exports } from './exports.js'

/** Traces of requests, of their statements and of their hashes, sent by OTLP. */
export interface Tracing {
  /** Makes a span of each request of an application that does not listen yet, named as the operation. */
  readonly traceRequests: (app: FastifyInstance) => void
  /** Makes a span of each statement, without its parameters. One that serves many requests belongs to the first of them. */
  readonly onStatement: (event: LogEvent) => void
  /** Makes a span of each hash. */
  readonly traced: (passwords: Passwords) => Passwords
  /** Spans that could not be exported. */
  readonly dropped: () => number
  /** Sends spans that wait, for a second at most. @returns whether an export is still under way, which keeps the process alive */
  readonly stop: () => Promise<boolean>
}

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined
  }
}

function parentOf(header: string | string[] | undefined): Context {
  const parent = parseTraceparent(header)
  if (parent === undefined) return ROOT_CONTEXT
  const { trace_id: traceId, span_id: spanId, flags: traceFlags } = parent
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

function samplerOf({ sampler, ratio }: TracesConfig): Sampler {
  const name = sampler.replace('parentbased_', '')
  const root =
    name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : name === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler()
  return name === sampler ? root : new ParentBasedSampler({ root })
}

/**
 * Starts tracing. OpenTelemetry itself reads its other `OTEL_…` variables, as those of headers and resource attributes. This
 * module is loaded only where a setting asks for traces.
 */
export function startTracing(traces: TracesConfig): Tracing {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'roster', 'service.version': spec.info.version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const exports = new Exports(new OTLPTraceExporter({ url: traces.url }), traces.queue)
  const processor = new Batches(exports, {
    scheduledDelayMillis: traces.delayMs,
    exportTimeoutMillis: traces.exportMs,
    maxExportBatchSize: Math.min(traces.batch, traces.queue),
  })
  const provider = new TracerProvider({ resource, sampler: samplerOf(traces), spanProcessors: [processor] })
  const tracer = provider.getTracer('roster', spec.info.version)
  const current = new AsyncLocalStorage<Context>()
  const context = (): Context => current.getStore() ?? ROOT_CONTEXT

  return {
    traceRequests(app) {
      exports.onLost = (what) => {
        app.log.warn(what, 'traces could not be sent and were dropped: look at the collector that OTEL_EXPORTER_OTLP_ENDPOINT names')
      }
      app.decorateRequest('span')
      app.addHook('onRequest', (request, _reply, done) => {
        const parent = parentOf(request.headers.traceparent)
        const name = request.operation_id ?? request.method
        request.span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parent)
        request.trace_id = request.span.spanContext().traceId
        current.run(trace.setSpan(parent, request.span), done)
      })
      app.addHook('onResponse', ({ span, method, route, error_code }, { statusCode }, done) => {
        span?.setAttributes({
          'http.request.method': method,
          'http.response.status_code': statusCode,
          // What is undefined is left out.
          'http.route': route,
          'error.type': error_code,
        })
        if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
        span?.end()
        done()
      })
    },

    onStatement({ level, query, queryDurationMillis }) {
      const [verb = ''] = query.sql.trimStart().split(/\s/, 1)
      const attributes = { 'db.system.name': 'postgresql', 'db.query.text': query.sql, 'db.operation.name': verb }
      const endTime = Date.now()
      const startTime = endTime - queryDurationMillis
      const span = tracer.startSpan(`sql ${verb}`, { kind: SpanKind.CLIENT, attributes, startTime }, context())
      if (level === 'error') span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(endTime)
    },

    traced: (passwords) => ({
      ...passwords,
      hash: async (...args) => {
        const span = tracer.startSpan('hash', {}, context())
        try {
          return await passwords.hash(...args)
        } finally {
          span.end()
        }
      },
    }),

    dropped: () => exports.dropped,
    stop: () => exports.stop(provider),
  }
}
