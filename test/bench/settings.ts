import path from 'node:path'

/** What a run of the benchmark is told by its environment. `README.md` has the table. */
export interface Settings {
  /** Users of the big enterprise; one run after the other. */
  readonly users: readonly number[]
  /** How long one measurement takes. */
  readonly seconds: number
  readonly rounds: number
  /** Names of the scenarios to run; undefined: all. */
  readonly scenarios: ReadonlySet<string> | undefined
  /** Numbers of connections of the scenarios that are run at several. */
  readonly connections: readonly number[]
  /** The server to make databases on; undefined: one is started. */
  readonly databaseUrl: string | undefined
  /** The file that the figures are written to. */
  readonly json: string
  readonly generator: 'wrk' | 'autocannon' | undefined
}

const env = process.env

const listed = (text: string): string[] => text.split(',').map((part) => part.trim())

function natural(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new Error(`${name} must be an integer from 1 to ${String(most)}`)
  }
  return value
}

function naturals(name: string, byDefault: string, most: number): number[] {
  return listed(env[name] || byDefault).map((text) => natural(name, text, most))
}

/** The largest values: every run of the load generator is bounded in time and in connections. */
const MOST = { users: 10_000_000, seconds: 60, rounds: 99, connections: 256 } as const

/**
 * Reads the settings.
 *
 * @param known the names of all scenarios
 */
export function loadSettings(known: readonly string[]): Settings {
  const scenarios = env.BENCH_SCENARIOS ? listed(env.BENCH_SCENARIOS) : undefined
  const unknown = scenarios?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length > 0) throw new Error(`BENCH_SCENARIOS: no ${unknown.join(', ')}; there are ${known.join(', ')}`)
  const generator = env.BENCH_GENERATOR || undefined
  if (generator !== undefined && generator !== 'wrk' && generator !== 'autocannon') {
    throw new Error('BENCH_GENERATOR must be wrk or autocannon')
  }
  return {
    users: naturals('BENCH_USERS', '100000', MOST.users),
    seconds: natural('BENCH_SECONDS', env.BENCH_SECONDS || '5', MOST.seconds),
    rounds: natural('BENCH_ROUNDS', env.BENCH_ROUNDS || '3', MOST.rounds),
    scenarios: scenarios && new Set(scenarios),
    connections: naturals('BENCH_CONNECTIONS', '1,16,64,256', MOST.connections),
    databaseUrl: env.BENCH_DATABASE_URL || undefined,
    json: path.resolve(env.BENCH_JSON || 'dist/bench.json'),
    generator,
  }
}

/** The server that the smoke makes its database on. `test/with-postgres.sh` sets it. */
export function smokeServer(): string {
  if (!env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL must name a Postgres server')
  return env.TEST_DATABASE_URL
}

/** What a yardstick's process is told by the one that starts it. */
export function yardstickSettings(): { readonly port: number; readonly url: string } {
  return { port: Number(env.PORT), url: String(env.DATABASE_URL) }
}

/** What every process that is started inherits: no setting of Roster's, so that it has its defaults. */
export const inherited: Readonly<Record<string, string>> = { PATH: String(env.PATH), LC_ALL: 'C' }
