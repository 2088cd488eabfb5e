import type { Measurement } from './load.js'
import { ratioOf, type Row } from './rounds.js'
import type { Fact } from './scenarios.js'

/** A promise about speed, and what a run has measured of it. */
export interface Goal {
  readonly what: string
  readonly least?: number
  readonly most?: number
  readonly measured: number
  readonly met: boolean
}

type Bound = Pick<Goal, 'least' | 'most'>

/** One goal, or none when there is no figure for it. */
export function goal(what: string, bound: Bound, measured: number | undefined): Goal[] {
  if (measured === undefined) return []
  const { least = -Infinity, most = Infinity } = bound
  return [{ what, ...bound, measured, met: measured >= least && measured <= most }]
}

/** `ratioOf` among the rows of one scenario at one number of connections. */
const ratiosOf =
  (rows: readonly Row[]) =>
  (scenario: string, figure: keyof Measurement, of: string, to: string, connections: number) =>
    ratioOf(rows.filter((row) => row.scenario === scenario && row.connections === connections), figure, of, to)

/** Below this, the big enterprise is too small to tell what its size costs. */
const LARGE = 100_000

/** What a page must be faster by than one with an exact count, by the size of the enterprise. */
function leastOfLists(users: number): number | undefined {
  if (users >= 1_000_000) return 25
  return users >= LARGE ? 5 : undefined
}

/** The goals that the figures of a run say something about. */
export function goalsOf(users: number, rows: readonly Row[], facts: readonly Fact[]): Goal[] {
  const ratio = ratiosOf(rows)
  const speed = (scenario: string, to: string, connections: number, least: number) =>
    goal(
      `${scenario}, ${String(connections)} connections: x ${to}`,
      { least },
      ratio(scenario, 'requestsPerSecond', 'roster', to, connections),
    )
  const fact = (name: string, most: number) => goal(name, { most }, facts.find((one) => one.name === name)?.value)
  const lists = leastOfLists(users)
  return [
    ...['get-by-id', 'user-info'].flatMap((scenario) => [
      ...speed(scenario, 'bare', 64, 2.5),
      ...speed(scenario, 'bare-joined', 64, 1.5),
      ...speed(scenario, 'bare', 16, 1.8),
      ...speed(scenario, 'bare', 1, 0.95),
    ]),
    ...(lists === undefined
      ? []
      : ['first-page', 'deep-page'].flatMap((list) => [16, 64].flatMap((many) => speed(list, 'bare', many, lists)))),
    ...(users < LARGE ? [] : ['first', 'middle', 'last']).flatMap((where) =>
      goal(
        `offsets, ${where}: p50 x the same at 1,000 users`,
        { most: 2.5 },
        ratio('offsets', 'p50', `roster, big, ${where}`, `roster, thousand, ${where}`, 1),
      ),
    ),
    ...goal(
      'walk: time of the second half x the first',
      { most: 1.2 },
      users < LARGE ? undefined : ratio('walk', 'requestsPerSecond', 'roster, first half', 'roster, second half', 1),
    ),
    ...[16, 64].flatMap((connections) => speed('create', 'argon2', connections, 0.9)),
    ...goal(
      'read-while-creating: p99 x its p99 when nobody creates',
      { most: 3 },
      ratio('read-while-creating', 'p99', 'roster, 4 creating', 'roster, nobody creating', 16),
    ),
    ...fact('memory at 256 connections', 200),
    ...fact('memory at 256 connections, after pages of 20', 200),
    ...fact('start on Postgres', 1000),
    ...fact('start embedded, filled', 4000),
  ]
}
