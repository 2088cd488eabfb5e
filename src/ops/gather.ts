import type { Worker } from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client'

type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[]

/** What the primary process sends to ask. */
const ASK = 'metrics'

/** How long workers may take to tell their metrics, in milliseconds. For one that does not, what it told last counts. */
const PATIENCE_MS = 1000

const ignore = (): void => undefined

/** Tells the primary process the metrics of this worker whenever it asks, with its only message. */
export function tellMetrics(registry: Registry): void {
  process.on('message', () => {
    void registry.getMetricsAsJSON().then((metrics) => process.send?.(metrics, undefined, undefined, ignore))
  })
}

/** Only what counts up goes on counting when its worker is gone. */
const lasts = ({ type }: { readonly type: unknown }): boolean => type === 'counter' || type === 'histogram'

const sumOf = (all: readonly Metrics[]): Registry => AggregatorRegistry.aggregate(all as unknown as object[])

/** What a worker told last. */
interface Last {
  metrics: Metrics
}

/** The metrics of all workers, summed up. */
export class Gathering {
  readonly #last = new Map<Worker, Last>()
  #gone: Metrics = []

  /** @param own the metrics of the primary process */
  constructor(readonly own: Registry) {}

  /** Takes a worker in. When it ends, what it had counted when it was last asked stays in the sum, which so never falls. */
  watch(worker: Worker): void {
    const last: Last = { metrics: [] }
    this.#last.set(worker, last)
    worker.once('exit', () => {
      this.#last.delete(worker)
      void sumOf([this.#gone, last.metrics.filter(lasts)]).getMetricsAsJSON().then((sum) => {
        this.#gone = sum
      })
    })
  }

  async #ask(worker: Worker, last: Last): Promise<void> {
    const patience = new AbortController()
    const answer = new Promise<void>((done) => {
      // Workers send nothing else. An answer to who asked a moment before is as good.
      const hear = (metrics: unknown): void => {
        last.metrics = metrics as Metrics
        done()
      }
      worker.once('message', hear)
      patience.signal.addEventListener('abort', () => worker.off('message', hear))
    })
    worker.send(ASK, ignore)
    await Promise.race([answer, delay(PATIENCE_MS, undefined, { signal: patience.signal }).catch(ignore)])
    patience.abort()
  }

  /** The sum, in Prometheus's text format. */
  metrics = async (): Promise<string> => {
    await Promise.all(Array.from(this.#last, ([worker, last]) => this.#ask(worker, last)))
    const own = await this.own.getMetricsAsJSON()
    return sumOf([this.#gone, ...Array.from(this.#last.values(), ({ metrics }) => metrics), own]).metrics()
  }
}
