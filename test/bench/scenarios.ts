import type pg from 'pg'
import type { Kysely } from 'kysely'
import type { Database } from '../../src/db/schema.js'
import { type Ask, getUserInfos, getUsers, listUsers } from './asks.js'
import { checkedLoad } from './check.js'
import type { Dataset } from './fill.js'
import type { LoadGenerator } from './load.js'
import { pgbench } from './pgbench.js'
import { type Contender, interleave, type Row } from './rounds.js'
import type { Server, Yardstick } from './servers.js'

/** What scenarios run on. */
export interface Bench {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
  readonly generate: LoadGenerator
  readonly dataset: Dataset
  /** The database, for those who start a server of their own. */
  readonly url: string
  readonly pool: pg.Pool
  readonly db: Kysely<Database>
  readonly servers: Readonly<Record<Yardstick | 'roster', Server>>
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

/** A server under a load whose answers are checked. */
export function driven(bench: Bench, server: Server, connections: number, asks: () => readonly Ask[]): Contender {
  const measure = (seconds: number) => checkedLoad(server, bench.generate, { connections, seconds, asks: asks() })
  return { name: server.name, measure }
}

type Name = keyof Bench['servers']
type More = (bench: Bench, connections: number) => readonly Contender[]

/** The same requests to several servers, at each number of connections. */
export function compare(
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

const all = ['roster', 'bare', 'bare-joined', 'hello'] as const

/** Where the deep page begins. */
const deep = ({ big }: Dataset): number => Math.floor(big.size * 0.9)

/** The scenarios that compare the server with yardsticks, by name. */
export const comparisons: Readonly<Record<string, Scenario>> = {
  'get-by-id': compare('get-by-id', all, ({ big }) => getUsers(big), pgbench),
  'get-by-id-mixed': compare('get-by-id-mixed', all, ({ big, small }) => getUsers(big, ...small)),
  'user-info': compare('user-info', all, ({ big }) => getUserInfos(big)),
  'first-page': compare('first-page', ['roster', 'bare'], ({ big }) => listUsers(big, 20, 0)),
  'deep-page': compare('deep-page', ['roster', 'bare'], (dataset) => listUsers(dataset.big, 250, deep(dataset))),
}
