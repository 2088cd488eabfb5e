/** Labels of a series. None ever names a person, an enterprise, a key or a path as it was sent. */
export type Labels = Readonly<Record<string, string | number>>

/** A value of a metric in the form that `prom-client` prints and sums up. */
export interface Value {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
}

/** Upper bounds of the buckets, in seconds: those that OpenTelemetry advises for HTTP, and two below. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** Durations with the same labels. */
class Series {
  readonly #counts = new Float64Array(BOUNDS.length + 1)
  #sum = 0

  constructor(readonly labels: Labels) {}

  observe(seconds: number): void {
    let at = 0
    while (at < BOUNDS.length && seconds > (BOUNDS[at] as number)) at++
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sum += seconds
  }

  values(name: string): Value[] {
    let count = 0
    const buckets = [...BOUNDS, '+Inf'].map((le, at) => {
      count += this.#counts[at] as number
      return { metricName: `${name}_bucket`, labels: { ...this.labels, le }, value: count }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.labels, value: count },
    ]
  }
}

/** A histogram of durations. `prom-client`'s own one costs a request more than all else that is measured of it. */
export class Histogram {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #series = new Map<string, Series>()

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  /**
   * Counts a duration.
   *
   * @param key tells the series apart
   * @param labels of the series, asked for once
   */
  observe(seconds: number, key: string, labels: () => Labels): void {
    let series = this.#series.get(key)
    if (series === undefined) {
      series = new Series(labels())
      this.#series.set(key, series)
    }
    series.observe(seconds)
  }

  /** As `prom-client` asks a metric. */
  get = () => {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: [...this.#series.values()].flatMap((series) => series.values(name)) }
  }
}
