import { readFileSync } from 'node:fs'
import { distance } from 'fastest-levenshtein'
import { OperatorError } from './errors.js'

/** What every part of the process is told; made once, from the environment, by `loadConfig`. */
export interface Config {
  readonly databaseUrl: string
  readonly host: string
  readonly port: number
  readonly logLevel: string
  /** The origin that links in answers start with, without `/api`; undefined: the request's own. */
  readonly publicUrl: string | undefined
  /** Addresses and networks whose `X-Forwarded-…` headers count. */
  readonly trustedProxies: readonly string[]
  readonly passwordMinLength: number
  readonly argon2: { readonly memoryKiB: number; readonly passes: number; readonly lanes: number }
  readonly hashConcurrency: number
  readonly hashQueue: number
  readonly poolSize: number
  readonly connectMs: number
  readonly statementMs: number
  readonly lockMs: number
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  readonly shutdownMs: number
}

interface Setting<T> {
  /** Undefined: the variable must be set. */
  readonly byDefault: string | undefined
  /** What the value must be, for the error message. */
  readonly must: string
  /** The value, or undefined when the text is none. */
  readonly parse: (text: string) => T | undefined
}

const text = (byDefault?: string): Setting<string> => ({
  byDefault,
  must: 'be set',
  parse: (value) => value || undefined,
})

const oneOf = (byDefault: string, values: readonly string[]): Setting<string> => ({
  byDefault,
  must: `be one of ${values.join(', ')}`,
  parse: (value) => (values.includes(value) ? value : undefined),
})

const integer = (byDefault: number, least: number, most: number): Setting<number> => ({
  byDefault: String(byDefault),
  must: `be an integer from ${String(least)} to ${String(most)}`,
  parse: (value) => {
    const number = Number(value)
    return /^\d{1,15}$/.test(value) && number >= least && number <= most ? number : undefined
  },
})

const postgresUrl: Setting<string> = {
  byDefault: undefined,
  must: 'be the URL of a Postgres database, as postgres://user:password@host:5432/name',
  parse: (value) => (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
}

const origin: Setting<string> = {
  byDefault: '',
  must: 'be an origin without a path, as https://roster.example',
  parse: (value) => {
    if (value === '') return value
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined
    const url = new URL(value)
    return `${url.origin}/` === url.href ? url.origin : undefined
  },
}

const addresses: Setting<readonly string[]> = {
  byDefault: '',
  must: 'be addresses or networks with commas between, as 127.0.0.1,10.0.0.0/8',
  parse: (value) => {
    const parts = value.split(',').map((part) => part.trim())
    if (value.trim() === '') return []
    return parts.every((part) => /^[0-9a-fA-F:.]+(\/\d{1,3})?$/.test(part)) ? parts : undefined
  },
}

const hour = 3_600_000

// One line a setting. README's table says the same; `test/config.test.ts` compares them.
const settings = {
  DATABASE_URL: postgresUrl,
  HOST: text('127.0.0.1'),
  PORT: integer(3000, 0, 65_535),
  LOG_LEVEL: oneOf('info', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  ROSTER_PUBLIC_URL: origin,
  ROSTER_TRUSTED_PROXIES: addresses,
  ROSTER_PASSWORD_MIN_LENGTH: integer(8, 8, 1024),
  ROSTER_ARGON2_MEMORY_KIB: integer(19_456, 8, 4_194_304),
  ROSTER_ARGON2_PASSES: integer(2, 1, 1000),
  ROSTER_ARGON2_LANES: integer(1, 1, 255),
  ROSTER_HASH_CONCURRENCY: integer(2, 1, 1024),
  ROSTER_HASH_QUEUE: integer(256, 0, 100_000),
  ROSTER_POOL_SIZE: integer(10, 1, 1000),
  ROSTER_CONNECT_MS: integer(5_000, 1, hour),
  ROSTER_STATEMENT_MS: integer(10_000, 1, hour),
  ROSTER_LOCK_MS: integer(5_000, 1, hour),
  ROSTER_HEADERS_MS: integer(10_000, 1, hour),
  ROSTER_REQUEST_MS: integer(30_000, 1, hour),
  ROSTER_KEEP_ALIVE_MS: integer(65_000, 1, hour),
  ROSTER_SHUTDOWN_MS: integer(10_000, 1, hour),
} as const

type Settings = typeof settings
type Values = { readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer T> ? T : never }

const secrets: ReadonlySet<string> = new Set(['DATABASE_URL'])

/** The environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. */
export const environment: Environment = process.env

function read(env: Environment, name: string, faults: string[]): string | undefined {
  const file = secrets.has(name) ? env[`${name}_FILE`] : undefined
  if (file === undefined || file === '') return env[name]
  if (env[name] !== undefined) faults.push(`${name} and ${name}_FILE are both set; set one`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    faults.push(`${name}_FILE names a file that can't be read`)
    return undefined
  }
}

function warningsOf(env: Environment): string[] {
  const known = Object.keys(settings).filter((name) => name.startsWith('ROSTER_'))
  return Object.keys(env)
    .filter((name) => name.startsWith('ROSTER_') && !known.includes(name))
    .map((name) => {
      const [nearest] = known.toSorted((a, b) => distance(name, a) - distance(name, b))
      return `${name} is not a setting; the nearest one is ${String(nearest)}`
    })
}

/**
 * Reads the settings from an environment.
 *
 * @returns the settings, and a warning for each `ROSTER_…` name that is none
 * @throws {OperatorError} with exit code 78, naming every setting that is wrong; values are not repeated
 */
export function loadConfig(env: Environment): { config: Config; warnings: string[] } {
  const faults: string[] = []
  const values = Object.fromEntries(
    Object.entries<Setting<unknown>>(settings).map(([name, { byDefault, must, parse }]) => {
      const before = faults.length
      const value = parse(read(env, name, faults) ?? byDefault ?? '')
      if (value === undefined && faults.length === before) faults.push(`${name} must ${must}`)
      return [name, value]
    }),
  ) as Values
  if (faults.length > 0) throw new OperatorError(`bad configuration: ${faults.join('; ')}`, 78)
  return { warnings: warningsOf(env), config: configOf(values) }
}

function configOf(values: Values): Config {
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    publicUrl: values.ROSTER_PUBLIC_URL || undefined,
    trustedProxies: values.ROSTER_TRUSTED_PROXIES,
    passwordMinLength: values.ROSTER_PASSWORD_MIN_LENGTH,
    argon2: {
      memoryKiB: values.ROSTER_ARGON2_MEMORY_KIB,
      passes: values.ROSTER_ARGON2_PASSES,
      lanes: values.ROSTER_ARGON2_LANES,
    },
    hashConcurrency: values.ROSTER_HASH_CONCURRENCY,
    hashQueue: values.ROSTER_HASH_QUEUE,
    poolSize: values.ROSTER_POOL_SIZE,
    connectMs: values.ROSTER_CONNECT_MS,
    statementMs: values.ROSTER_STATEMENT_MS,
    lockMs: values.ROSTER_LOCK_MS,
    headersMs: values.ROSTER_HEADERS_MS,
    requestMs: values.ROSTER_REQUEST_MS,
    keepAliveMs: values.ROSTER_KEEP_ALIVE_MS,
    shutdownMs: values.ROSTER_SHUTDOWN_MS,
  })
}
