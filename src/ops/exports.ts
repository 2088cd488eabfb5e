import { setTimeout as delay } from 'node:timers/promises'
import type { BatchSpanProcessor, SpanExporter } from '@opentelemetry/sdk-trace'

type Spans = Parameters<SpanExporter['export']>[0]
type Done = Parameters<SpanExporter['export']>[1]

/** How long a stop waits for the collector, in milliseconds. */
const STOP_MS = 1000

/** How often failing exports are logged at most, in milliseconds. */
const QUIET_MS = 60_000

/** The code of OpenTelemetry for an export that was taken. */
const SUCCESS = 0

/** Tells of spans that are lost. */
export type OnLost = (what: { readonly spans: number; readonly reason: string }) => void

/** Exports whose failures are counted here. */
export class Exports implements SpanExporter {
  /** Spans that could not be exported. */
  dropped = 0
  onLost: OnLost = () => undefined
  #underWay = 0
  #toldAt = -Infinity
  #reason = 'the collector is slow'
  #isStopping = false

  constructor(readonly exporter: SpanExporter) {}

  export(spans: Spans, done: Done): void {
    this.#underWay += spans.length
    this.exporter.export(spans, (result) => {
      this.#underWay -= spans.length
      const code: number = result.code
      if (code !== SUCCESS) this.#lose(spans.length, result.error)
      done(result)
    })
  }

  #lose(spans: number, error: Error | undefined): void {
    this.dropped += spans
    // Its message may repeat what the collector answered.
    this.#reason = String((error as { code?: string | number } | undefined)?.code ?? 'refused')
    if (this.#isStopping || performance.now() - this.#toldAt < QUIET_MS) return
    this.#toldAt = performance.now()
    this.onLost({ spans: this.dropped, reason: this.#reason })
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown()
  }

  /**
   * Sends what waits, for a second at most, and tells once what was lost.
   *
   * @returns whether something is under way still, which would keep the process
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
