import type { Measurement } from './load.js'

/** One that takes part in a comparison. */
export interface Contender {
  readonly name: string
  readonly measure: (seconds: number) => Promise<Measurement>
}

/** A line of the table: the medians of all rounds. */
export interface Row extends Measurement {
  readonly scenario: string
  readonly connections: number
  readonly target: string
  readonly rounds: readonly Measurement[]
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const medianOf = (rounds: readonly Measurement[], field: 'p50' | 'p99'): number | undefined => {
  const known = rounds.flatMap((round) => round[field] ?? [])
  return known.length > 0 ? median(known) : undefined
}

/** The line of one contender from its rounds. */
export function rowOf(of: Pick<Row, 'scenario' | 'connections' | 'target'>, rounds: readonly Measurement[]): Row {
  const requestsPerSecond = median(rounds.map((round) => round.requestsPerSecond))
  return { ...of, requestsPerSecond, p50: medianOf(rounds, 'p50'), p99: medianOf(rounds, 'p99'), rounds }
}

/** Until V8 has compiled what is used often: a server that does more reaches its speed later. */
const WARM_UP_SECONDS = 10

/** Measures contenders in turn, A B A B, after a warm-up of each: so a slow minute of the machine is everybody's. */
export async function interleave(
  of: Pick<Row, 'scenario' | 'connections'>,
  contenders: readonly Contender[],
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Row[]> {
  const found = contenders.map((): Measurement[] => [])
  for (const { measure } of contenders) await measure(Math.min(4 * seconds, WARM_UP_SECONDS))
  for (let round = 0; round < rounds; round++) {
    for (const [index, { measure }] of contenders.entries()) found[index]!.push(await measure(seconds))
  }
  return contenders.map(({ name }, index) => rowOf({ ...of, target: name }, found[index]!))
}

/** How many times a figure of one target is that of another one. Undefined when one of them was not measured. */
export function ratioOf(rows: readonly Row[], figure: keyof Measurement, of: string, to: string): number | undefined {
  const find = (target: string) => rows.find((row) => row.target === target)?.[figure]
  const [above, below] = [find(of), find(to)]
  return above === undefined || below === undefined ? undefined : above / below
}
