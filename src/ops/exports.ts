import { setTimeout as delay } from 'node:timers/promises'
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace'

type Spans = Parameters<SpanExporter['export']>[0]
type Done = Parameters<SpanExporter['export']>[1]

/** How long a stop waits for the collector, in milliseconds. */
const STOP_MS = 1000

/** How often failing exports are logged at most, in milliseconds. */
const QUIET_MS = 60_000

/** OpenTelemetry's `ExportResultCode.SUCCESS`. */
const SUCCESS = 0

/** Reports lost spans. */
export type OnLost = (what: { readonly spans: number; readonly reason: string }) => void

/** An exporter that counts the spans that are lost, and stops within a bounded time. */
export class Exports implements SpanExporter {
  /** Spans that could not be exported, or found the queue full. */
  dropped = 0
  onLost: OnLost = () => undefined
  #queued = 0
  #underWay = 0
  #toldAt = -Infinity
  #reason = 'the collector is slow'
  #isStopping = false

  /** @param queue how many spans may wait */
  constructor(
    readonly exporter: SpanExporter,
    readonly queue: number,
  ) {}

  /** Takes a place in the queue, or counts a span that finds none. */
  admit(): boolean {
    if (this.#queued >= this.queue) {
      this.#lose(1, 'the queue is full')
      return false
    }
    this.#queued++
    return true
  }

  export(spans: Spans, done: Done): void {
    this.#queued -= spans.length
    this.#underWay += spans.length
    this.exporter.export(spans, (result) => {
      this.#underWay -= spans.length
      const code: number = result.code
      // The message of the error may repeat what the collector answered.
      if (code !== SUCCESS) this.#lose(spans.length, String((result.error as { code?: string | number } | undefined)?.code ?? 'refused'))
      done(result)
    })
  }

  #lose(spans: number, reason: string): void {
    this.dropped += spans
    this.#reason = reason
    if (this.#isStopping || performance.now() - this.#toldAt < QUIET_MS) return
    this.#toldAt = performance.now()
    this.onLost({ spans: this.dropped, reason: this.#reason })
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown()
  }

  /**
   * Sends the spans that wait, for a second at most, and reports lost spans once.
   *
   * @returns whether an export is still under way, which would keep the process alive
   */
  async stop(processor: Pick<BatchSpanProcessor, 'shutdown'>): Promise<boolean> {
    this.#isStopping = true
    const before = this.dropped
    const timer = new AbortController()
    const ended = processor.shutdown().catch(() => undefined)
    await Promise.race([ended, delay(STOP_MS, undefined, { signal: timer.signal }).catch(() => undefined)])
    timer.abort()
    const spans = this.dropped - before + this.#underWay
    if (spans > 0) this.onLost({ spans, reason: this.#reason })
    return this.#underWay > 0
  }
}

/** A batch processor that counts every dropped span: OpenTelemetry drops a span silently when its queue is full. */
export class Batches extends BatchSpanProcessor {
  readonly #exports: Exports

  constructor(exports: Exports, bounds: Omit<ConstructorParameters<typeof BatchSpanProcessor>[0], 'exporter' | 'maxQueueSize'>) {
    super({ ...bounds, exporter: exports, maxQueueSize: exports.queue })
    this.#exports = exports
  }

  override onEnd(span: Parameters<BatchSpanProcessor['onEnd']>[0]): void {
    if (this.#exports.admit()) super.onEnd(span)
  }
}
