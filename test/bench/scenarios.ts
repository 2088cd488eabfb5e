import { type Ask, getUserInfos, getUsers, listUsers } from './asks.js'
import { checkedLoad } from './check.js'
import type { Dataset, Enterprise } from './fill.js'
import type { LoadGenerator, Measurement } from './load.js'
import { pgbench } from './pgbench.js'
import { type Contender, interleave, type Row } from './rounds.js'
import type { Server } from './servers.js'
import type { Stage } from './stage.js'

/** What scenarios run on. */
export interface Bench extends Stage {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
  readonly generate: LoadGenerator
  /** The folder with Postgres's programs, if there is one. */
  readonly binaries: string | undefined
}

/** A figure that is no rate, as memory. */
export interface Fact {
  readonly name: string
  readonly value: number
  readonly unit: 'MB' | 'ms'
}

/** What a scenario has found. */
export interface Found {
  readonly rows?: readonly Row[]
  readonly facts?: readonly Fact[]
}

/** What is measured under one name. */
export type Scenario = (bench: Bench) => Promise<Found>

/** Answers a connection that a measurement has at least, or those that are cut off at its end would be a part of it. */
const ENOUGH = 4
const LONGEST_SECONDS = 60

/** A server under a load whose answers are checked. It is measured for longer where it is slow, from then on. */
export function driven(bench: Bench, server: Server, connections: number, asks: () => readonly Ask[]): Contender {
  let needed = 0
  const measure = async (wanted: number): Promise<Measurement> => {
    const seconds = Math.max(wanted, needed)
    const measurement = await checkedLoad(server, bench.generate, { connections, seconds, asks: asks() })
    if (measurement.requests >= ENOUGH * connections) return measurement
    if (seconds === LONGEST_SECONDS) throw new Error(`${server.name} is too slow to be measured`)
    needed = Math.min(LONGEST_SECONDS, 4 * seconds)
    return measure(needed)
  }
  return { name: server.name, measure }
}

type Name = keyof Bench['servers']
type More = (bench: Bench, connections: number) => readonly Contender[]

/** The same requests to several servers, in turn, at each number of connections. */
function compare(
  scenario: string,
  names: readonly Name[],
  asks: (dataset: Dataset) => readonly Ask[],
  more: More = () => [],
): Scenario {
  return async (bench) => {
    const rows: Row[] = []
    for (const connections of bench.connections) {
      const contenders = names.map((name) => driven(bench, bench.servers[name], connections, () => asks(bench.dataset)))
      rows.push(...(await interleave({ scenario, connections }, [...contenders, ...more(bench, connections)], bench)))
    }
    return { rows }
  }
}

/** Gets of random users of the big enterprise. */
export const getById = (names: readonly Name[], more?: More): Scenario =>
  compare('get-by-id', names, ({ big }) => getUsers(big), more)

/** Where the deep page of an enterprise begins. */
export function deepOffset({ size }: Enterprise): number {
  return Math.floor(size * 0.9)
}

const all = ['roster', 'bare', 'bare-joined', 'hello'] as const

/** The scenarios that compare the server with yardsticks, by name. */
export const comparisons: Readonly<Record<string, Scenario>> = {
  'get-by-id': getById(all, pgbench),
  'get-by-id-mixed': compare('get-by-id-mixed', all, ({ big, small }) => getUsers(big, ...small)),
  'user-info': compare('user-info', all, ({ big }) => getUserInfos(big)),
  'first-page': compare('first-page', ['roster', 'bare'], ({ big }) => listUsers(big, 20, 0)),
  'deep-page': compare('deep-page', ['roster', 'bare'], ({ big }) => listUsers(big, 250, deepOffset(big))),
}
