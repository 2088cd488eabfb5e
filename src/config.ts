import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import path from 'node:path'
import { distance } from 'fastest-levenshtein'
import { OperatorError } from './errors.js'

/** The environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. */
export const environment: Environment = process.env

/** Where the directory is kept: on a Postgres server, or in a folder by the embedded Postgres. */
export type Store =
  | { readonly engine: 'postgres'; readonly url: string }
  | { readonly engine: 'embedded'; readonly folder: string }

/** What every part of the process is told; made once, from the environment, by `loadConfig`. */
export interface Config {
  readonly store: Store
  readonly production: boolean
  readonly host: string
  readonly port: number
  readonly logLevel: string
  /** The origin that links in answers start with, without `/api`; undefined: the request's own. */
  readonly publicUrl: string | undefined
  /** Addresses and networks whose `X-Forwarded-…` headers count. */
  readonly trustedProxies: readonly string[]
  /** Origins whose scripts may read the answers in a browser. */
  readonly corsOrigins: readonly string[]
  readonly passwordMinLength: number
  readonly argon2: { readonly memoryKiB: number; readonly passes: number; readonly lanes: number }
  readonly hashConcurrency: number
  readonly hashQueue: number
  readonly poolSize: number
  /** Whether statements are prepared. */
  readonly prepare: boolean
  readonly connectMs: number
  readonly statementMs: number
  readonly lockMs: number
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  readonly shutdownMs: number
  /** Keys of a kind, made or of sign-ins, that a user may have at a time. */
  readonly keysPerUser: number
  /** How long a rotated key still works. */
  readonly rotateOverlapMs: number
  /** How often it is written when keys were last used, and ended counts of failed sign-ins are deleted. */
  readonly lastUsedMs: number
  /** How long the key of a sign-in lives. */
  readonly signInKeyMs: number
  /** Sign-ins that may fail in a window, of one account and network, and of one network. */
  readonly signInTries: number
  readonly signInNetworkTries: number
  readonly signInWindowMs: number
}

interface Kind<T> {
  /** What the value must be, for the error message. */
  readonly must: string
  /** The value, or undefined when the text is none. An empty text never gets here: it is the default. */
  readonly parse: (text: string) => T | undefined
}

interface Setting<T, Default extends string = string> extends Kind<T> {
  /** Empty: none. */
  readonly byDefault: Default
  /** What it is for, in the README's table. */
  readonly purpose: string
}

const text: Kind<string> = { must: 'be a text', parse: (value) => value }

const oneOf = (...values: string[]): Kind<string> => ({
  must: `be one of ${values.join(', ')}`,
  parse: (value) => (values.includes(value) ? value : undefined),
})

const integer = (least: number, most: number): Kind<number> => ({
  must: `be an integer from ${String(least)} to ${String(most)}`,
  parse: (value) => {
    const number = Number(value)
    return /^\d{1,15}$/.test(value) && number >= least && number <= most ? number : undefined
  },
})

const postgresUrl: Kind<string> = {
  must: 'be the URL of a Postgres database, as postgres://user:password@host:5432/name',
  parse: (value) => (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
}

const origin: Kind<string> = {
  must: 'be an origin without a path, as https://roster.example',
  parse: (value) => {
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined
    const url = new URL(value)
    return `${url.origin}/` === url.href ? url.origin : undefined
  },
}

function isNetwork(part: string): boolean {
  const [address, bits = '0', ...rest] = part.split('/') as [string, ...string[]]
  const most = isIP(address) === 4 ? 32 : 128
  return isIP(address) !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}

const addresses: Kind<readonly string[]> = {
  must: 'be addresses or networks with commas between, as 127.0.0.1,10.0.0.0/8',
  parse: (value) => {
    const parts = value.split(',').map((part) => part.trim())
    return parts.every(isNetwork) ? parts : undefined
  },
}

const origins: Kind<readonly string[]> = {
  must: 'be origins with commas between, without *, as https://console.example,http://localhost:5173',
  parse: (value) => {
    // In a host, URL lets it pass; who writes it means more than one origin.
    if (value.includes('*')) return undefined
    const parts = value.split(',').map((part) => origin.parse(part.trim()))
    return parts.every((part) => part !== undefined) ? parts : undefined
  },
}

const milliseconds = integer(1, 3_600_000)

const DAY_MS = 86_400_000

const setting = <T, Default extends string>(kind: Kind<T>, byDefault: Default, purpose: string): Setting<T, Default> => ({
  ...kind,
  byDefault,
  purpose,
})

/** Every setting, in the order of the README's table. */
export const settings = {
  DATABASE_URL: setting(postgresUrl, '', 'the Postgres server to keep the directory on; without it, ROSTER_DATA'),
  ROSTER_DATA: setting(text, '.roster', 'the folder of the embedded Postgres, where DATABASE_URL is not set'),
  NODE_ENV: setting(text, '', 'with "production", DATABASE_URL or ROSTER_DATA must be set, and no demo is made'),
  HOST: setting(text, '127.0.0.1', 'the address to listen on'),
  PORT: setting(integer(0, 65_535), '3000', 'the port to listen on; 0 for any'),
  LOG_LEVEL: setting(oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'info', 'what is logged'),
  ROSTER_PUBLIC_URL: setting(origin, '', "the origin of links in answers; without it, the request's own"),
  ROSTER_TRUSTED_PROXIES: setting(addresses, '', 'the proxies whose X-Forwarded-For, -Proto and -Host count'),
  ROSTER_CORS_ORIGINS: setting(origins, '', 'the origins whose pages may call the API from a browser; without it, none'),
  ROSTER_PASSWORD_MIN_LENGTH: setting(integer(8, 1024), '8', 'code points that a new password must have'),
  ROSTER_ARGON2_MEMORY_KIB: setting(integer(8, 4_194_304), '19456', 'memory of one argon2id hash, in KiB'),
  ROSTER_ARGON2_PASSES: setting(integer(1, 1000), '2', 'passes of one argon2id hash'),
  ROSTER_ARGON2_LANES: setting(integer(1, 255), '1', 'lanes of one argon2id hash'),
  ROSTER_HASH_CONCURRENCY: setting(integer(1, 1024), '2', 'hashes at a time, for each process of --workers'),
  ROSTER_HASH_QUEUE: setting(integer(0, 100_000), '256', 'hashes that may wait; more are answered 503'),
  ROSTER_POOL_SIZE: setting(integer(1, 1000), '10', 'connections to the Postgres server, for each process of --workers'),
  ROSTER_PREPARE: setting(oneOf('on', 'off'), 'on', 'whether statements are prepared; "off" behind a pgbouncer before 1.21'),
  ROSTER_CONNECT_MS: setting(milliseconds, '5000', 'how long a request waits for a connection to the database'),
  ROSTER_STATEMENT_MS: setting(milliseconds, '10000', 'how long a statement may run'),
  ROSTER_LOCK_MS: setting(milliseconds, '5000', 'how long a statement waits for a lock'),
  ROSTER_HEADERS_MS: setting(milliseconds, '10000', 'how long a client may take to send the headers'),
  ROSTER_REQUEST_MS: setting(milliseconds, '30000', 'how long a client may take to send the whole request'),
  ROSTER_KEEP_ALIVE_MS: setting(milliseconds, '65000', 'how long a connection may be idle'),
  ROSTER_SHUTDOWN_MS: setting(milliseconds, '10000', 'how long requests in flight may take to finish after SIGTERM'),
  ROSTER_KEYS_PER_USER: setting(integer(1, 1000), '50', 'keys that a user may have at a time; those of sign-ins are counted apart'),
  ROSTER_ROTATE_OVERLAP_MS: setting(integer(0, 30 * DAY_MS), '86400000', 'how long a rotated key still works'),
  ROSTER_LAST_USED_MS: setting(milliseconds, '60000', 'how often it is written when keys were last used'),
  ROSTER_SIGN_IN_KEY_MS: setting(integer(1000, 1000 * DAY_MS), '43200000', 'how long the key of a sign-in lives'),
  ROSTER_SIGN_IN_TRIES: setting(integer(1, 100_000), '10', 'sign-ins to one account that may fail from one network in a window'),
  ROSTER_SIGN_IN_NETWORK_TRIES: setting(integer(1, 100_000), '100', 'sign-ins that may fail from one network in a window'),
  ROSTER_SIGN_IN_WINDOW_MS: setting(milliseconds, '900000', 'how long failed sign-ins count'),
} as const

type Settings = typeof settings
/** The name of a setting, which is the name of its environment variable. */
export type SettingName = keyof Settings
type Value<S> = S extends Setting<infer T, infer Default> ? (Default extends '' ? T | undefined : T) : never
type Values = { readonly [Name in SettingName]: Value<Settings[Name]> }

const secrets: ReadonlySet<string> = new Set<SettingName>(['DATABASE_URL'])

/** A setting as it is in force. */
export interface EffectiveSetting {
  readonly name: SettingName
  /** The text of the value; a secret is masked. */
  readonly value: string
  readonly source: 'default' | 'environment' | 'file'
}

interface Found {
  readonly text: string
  readonly source: EffectiveSetting['source']
}

function find(env: Environment, name: SettingName, faults: string[]): Found {
  const inFile = secrets.has(name) ? env[`${name}_FILE`] : undefined
  const sent = env[name]
  if (inFile && sent) faults.push(`${name} and ${name}_FILE are both set: set one`)
  if (inFile) {
    try {
      return { text: readFileSync(inFile, 'utf8').trim(), source: 'file' }
    } catch {
      faults.push(`${name}_FILE names a file that can't be read`)
    }
  }
  return sent ? { text: sent, source: 'environment' } : { text: settings[name].byDefault, source: 'default' }
}

function warningsOf(env: Environment): string[] {
  const known = Object.keys(settings).filter((name) => name.startsWith('ROSTER_'))
  return Object.keys(env)
    .filter((name) => name.startsWith('ROSTER_') && !known.includes(name))
    .map((name) => {
      const [nearest = ''] = known.toSorted((a, b) => distance(name, a) - distance(name, b))
      return `${name} is not a setting; the nearest one is ${nearest}`
    })
}

function storeOf({ DATABASE_URL: url, ROSTER_DATA: folder, NODE_ENV }: Values, folderIsSet: boolean, faults: string[]): Store {
  if (url && folderIsSet) faults.push('DATABASE_URL and ROSTER_DATA are both set: set one')
  if (!url && !folderIsSet && NODE_ENV === 'production') {
    faults.push('with NODE_ENV=production, DATABASE_URL (a Postgres server) or ROSTER_DATA (a folder) must be set')
  }
  return url ? { engine: 'postgres', url } : { engine: 'embedded', folder: path.resolve(folder) }
}

/** Settings as loaded. */
export interface Loaded {
  readonly config: Config
  /** One for each `ROSTER_…` name that is no setting: orchestrators inject such names. */
  readonly warnings: readonly string[]
  readonly effective: readonly EffectiveSetting[]
}

/**
 * Reads the settings from an environment. An empty variable is as if it were not set.
 *
 * @throws {OperatorError} with exit code 78, naming every setting that is wrong; values are not repeated
 */
export function loadConfig(env: Environment): Loaded {
  const faults: string[] = []
  const names = Object.keys(settings) as SettingName[]
  const effective: EffectiveSetting[] = []
  const values = Object.fromEntries(
    names.map((name) => {
      const { text, source } = find(env, name, faults)
      const value = text === '' ? undefined : settings[name].parse(text)
      if (text !== '' && value === undefined) faults.push(`${name} must ${settings[name].must}`)
      effective.push({ name, source, value: secrets.has(name) && text !== '' ? '********' : text })
      return [name, value]
    }),
  ) as unknown as Values
  const folderIsSet = effective.some(({ name, source }) => name === 'ROSTER_DATA' && source !== 'default')
  const store = storeOf(values, folderIsSet, faults)
  if (faults.length > 0) throw new OperatorError(`bad configuration: ${faults.join('; ')}`, 78)
  return { config: configOf(values, store), warnings: warningsOf(env), effective }
}

function configOf(values: Values, store: Store): Config {
  return Object.freeze({
    store,
    production: values.NODE_ENV === 'production',
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    publicUrl: values.ROSTER_PUBLIC_URL,
    trustedProxies: values.ROSTER_TRUSTED_PROXIES ?? [],
    corsOrigins: values.ROSTER_CORS_ORIGINS ?? [],
    passwordMinLength: values.ROSTER_PASSWORD_MIN_LENGTH,
    argon2: {
      memoryKiB: values.ROSTER_ARGON2_MEMORY_KIB,
      passes: values.ROSTER_ARGON2_PASSES,
      lanes: values.ROSTER_ARGON2_LANES,
    },
    hashConcurrency: values.ROSTER_HASH_CONCURRENCY,
    hashQueue: values.ROSTER_HASH_QUEUE,
    poolSize: values.ROSTER_POOL_SIZE,
    prepare: values.ROSTER_PREPARE === 'on',
    connectMs: values.ROSTER_CONNECT_MS,
    statementMs: values.ROSTER_STATEMENT_MS,
    lockMs: values.ROSTER_LOCK_MS,
    headersMs: values.ROSTER_HEADERS_MS,
    requestMs: values.ROSTER_REQUEST_MS,
    keepAliveMs: values.ROSTER_KEEP_ALIVE_MS,
    shutdownMs: values.ROSTER_SHUTDOWN_MS,
    keysPerUser: values.ROSTER_KEYS_PER_USER,
    rotateOverlapMs: values.ROSTER_ROTATE_OVERLAP_MS,
    lastUsedMs: values.ROSTER_LAST_USED_MS,
    signInKeyMs: values.ROSTER_SIGN_IN_KEY_MS,
    signInTries: values.ROSTER_SIGN_IN_TRIES,
    signInNetworkTries: values.ROSTER_SIGN_IN_NETWORK_TRIES,
    signInWindowMs: values.ROSTER_SIGN_IN_WINDOW_MS,
  })
}
