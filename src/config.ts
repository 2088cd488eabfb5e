import { readFileSync } from 'node:fs'
import path from 'node:path'
import { distance } from 'fastest-levenshtein'
import { OperatorError } from './errors.js'
import { isServiceLink } from './service-links.js'
import { type Rate, type Setting, settings } from './settings.js'

/** The environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. */
export const environment: Environment = process.env

/** Where the directory is kept: on a Postgres server, or in a folder by the embedded Postgres. */
export type Store =
  | { readonly engine: 'postgres'; readonly url: string }
  | { readonly engine: 'embedded'; readonly folder: string }

/** Which traces are sent, where and when, from the `OTEL_…` settings. */
export interface TracesConfig {
  /** The endpoint of OTLP over HTTP. */
  readonly url: string
  readonly sampler: string
  /** The fraction of traces that a ratio sampler keeps. */
  readonly ratio: number
  readonly delayMs: number
  readonly exportMs: number
  readonly queue: number
  readonly batch: number
}

/** What every part of the process is told; made once, from the environment, by `loadConfig`. */
export interface Config {
  readonly store: Store
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Where operators look; undefined where they don't. `isMeant`: it was set, or this is production. */
  readonly ops: { readonly host: string; readonly port: number; readonly isMeant: boolean } | undefined
  /** Undefined unless an `OTEL_…` setting asks for traces. */
  readonly traces: TracesConfig | undefined
  readonly logLevel: string
  /** The base URL of links in answers, without `/api`: an origin, and a path if there is one. Undefined: the request's own origin. */
  readonly publicUrl: string | undefined
  /** Addresses and networks whose `X-Forwarded-…` headers count. */
  readonly trustedProxies: readonly string[]
  /** Origins whose scripts may read the answers in a browser. */
  readonly corsOrigins: readonly string[]
  /** What an address may send to each process; undefined: any number. */
  readonly ratePerAddress: Rate | undefined
  /** What a key may send to each process; undefined: any number. */
  readonly ratePerKey: Rate | undefined
  readonly passwordMinLength: number
  readonly argon2: { readonly memoryKiB: number; readonly passes: number; readonly lanes: number }
  readonly hashConcurrency: number
  readonly hashQueue: number
  /** How long an answer is kept under an idempotency key. */
  readonly idempotencyHours: number
  readonly poolSize: number
  readonly databaseQueue: number
  /** Whether statements are prepared. */
  readonly prepare: boolean
  /** Whether Postgres is told the limits of time of a session. */
  readonly sessionLimits: boolean
  readonly connectMs: number
  readonly statementMs: number
  readonly lockMs: number
  readonly deadlineMs: number
  readonly requests: number
  readonly connections: number
  readonly headersMs: number
  readonly requestMs: number
  readonly answerMs: number
  readonly keepAliveMs: number
  readonly drainMs: number
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
  /** Whether the log line of a refused sign-in has its enterprise, network and reason. */
  readonly logSignIns: boolean
}

type Settings = typeof settings
/** The name of a setting, which is the name of its environment variable. */
export type SettingName = keyof Settings
type Value<S> = S extends Setting<infer T, infer Default>
  ? S extends { readonly canBeNone: true }
    ? T | undefined
    : Default extends ''
      ? T | undefined
      : T
  : never
type Values = { readonly [Name in SettingName]: Value<Settings[Name]> }

const secrets: ReadonlySet<string> = new Set<SettingName>(['DATABASE_URL'])

const KIB_PER_LANE = 8

const MASK = '********'

/** OpenTelemetry's default for the endpoint of a collector. */
const DEFAULT_COLLECTOR = 'http://localhost:4318'

/** The text of a value with its secrets masked: all of a secret setting, and the user and password in a URL. */
function shownOf(name: SettingName, text: string): string {
  if (text !== '' && secrets.has(name)) return MASK
  return text.replaceAll(/\/\/[^/?#]*@/g, `//${MASK}@`)
}

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
  const given = env[name]
  // The specification of OpenTelemetry trims values.
  const sent = 'isShared' in settings[name] ? given?.trim() : given
  if (inFile && sent) faults.push(`${name} and ${name}_FILE are both set: set one`)
  if (inFile) {
    try {
      return { text: readFileSync(inFile, 'utf8').trim(), source: 'file' }
    } catch {
      faults.push(`${name}_FILE names a file that can't be read`)
    }
  }
  if (sent === '' && 'canBeNone' in settings[name]) return { text: '', source: 'environment' }
  return sent ? { text: sent, source: 'environment' } : { text: settings[name].byDefault, source: 'default' }
}

function unknownOf(env: Environment): string[] {
  const all = Object.keys(settings)
  const known = all.filter((name) => name.startsWith('ROSTER_'))
  return Object.keys(env)
    .filter((name) => name.startsWith('ROSTER_') && !known.includes(name) && !isServiceLink(name, String(env[name])))
    .map((name) => {
      const bare = name.slice('ROSTER_'.length)
      const [nearest = ''] = all.includes(bare) ? [bare] : known.toSorted((a, b) => distance(name, a) - distance(name, b))
      return `${name} is not a setting; the nearest one is ${nearest}`
    })
}

/** Hosts that listen on every address. */
const ALL_ADDRESSES = ['0.0.0.0', '::']

/** The faults of settings that are valid alone but not together. */
function misfits(values: Values, folderIsSet: boolean): string[] {
  const faults: string[] = []
  const { DATABASE_URL: url, NODE_ENV } = values
  if (url && folderIsSet) faults.push('DATABASE_URL and ROSTER_DATA are both set: set one')
  if (!url && !folderIsSet && NODE_ENV === 'production') {
    faults.push('with NODE_ENV=production, DATABASE_URL (a Postgres server) or ROSTER_DATA (a folder) must be set')
  }
  const { ROSTER_ARGON2_MEMORY_KIB: memory, ROSTER_ARGON2_LANES: lanes, HOST, PORT, ROSTER_OPS_HOST, ROSTER_OPS_PORT } = values
  // The minimum of Argon2 (RFC 9106, section 3.1): with less, every hash and every comparison would fail.
  if (memory < lanes * KIB_PER_LANE) faults.push(`ROSTER_ARGON2_MEMORY_KIB must be at least ${String(KIB_PER_LANE)} times ROSTER_ARGON2_LANES`)
  const isOneHost = HOST === ROSTER_OPS_HOST || [HOST, ROSTER_OPS_HOST].some((host) => ALL_ADDRESSES.includes(host))
  // An invalid PORT is undefined here, and a fault already.
  if (PORT > 0 && PORT === ROSTER_OPS_PORT && isOneHost) faults.push('PORT and ROSTER_OPS_PORT are the same: set one to another port')
  return faults
}

/** The value of a setting. An invalid value is a fault, or a warning where something other than the operator may have set it. */
function valueOf(
  name: SettingName,
  found: Found,
  { faults, warnings }: { readonly faults: string[]; readonly warnings: string[] },
): Found & { readonly value: unknown } {
  const setting: Setting<unknown> = settings[name]
  const { text } = found
  const value = text === '' ? undefined : setting.parse(text)
  const fault = `${name} must ${setting.must}`
  if (value !== undefined && setting.takesAll?.(text) === false) warnings.push(`${fault}; others are ignored`)
  if (text === '' || value !== undefined) return { ...found, value }
  const { byDefault } = setting
  const fallback = { text: byDefault, source: 'default', value: byDefault === '' ? undefined : setting.parse(byDefault) } as const
  if (setting.isShared === true) {
    warnings.push(`${fault}; its value is ignored`)
    return fallback
  }
  if (isServiceLink(name, text)) {
    warnings.push(
      `${name} is set by Kubernetes for a service of that name, and ignored: rename the service, or set enableServiceLinks to false`,
    )
    return fallback
  }
  faults.push(fault)
  return { ...found, value }
}

/** Settings as loaded. */
export interface Loaded {
  readonly config: Config
  /** For each invalid value of a shared or injected variable, of which the default is used instead. */
  readonly warnings: readonly string[]
  /** A warning for each `ROSTER_…` name that is not a setting. */
  readonly unknown: readonly string[]
  readonly effective: readonly EffectiveSetting[]
}

/**
 * Reads the settings from an environment. An empty variable is as if it were not set.
 *
 * @throws {OperatorError} with exit code 78, naming every setting that is wrong; values are not repeated
 */
export function loadConfig(env: Environment): Loaded {
  const faults: string[] = []
  const warnings: string[] = []
  const names = Object.keys(settings) as SettingName[]
  const effective: EffectiveSetting[] = []
  const values = Object.fromEntries(
    names.map((name) => {
      const { value, text, source } = valueOf(name, find(env, name, faults), { faults, warnings })
      effective.push({ name, source, value: shownOf(name, text) })
      return [name, value]
    }),
  ) as unknown as Values
  const folderIsSet = effective.some(({ name, source }) => name === 'ROSTER_DATA' && source !== 'default')
  faults.push(...misfits(values, folderIsSet))
  if (faults.length > 0) throw new OperatorError(`bad configuration: ${faults.join('; ')}`, 78)
  const opsIsSet = effective.some(({ name, source }) => name.startsWith('ROSTER_OPS_') && source !== 'default')
  return { config: configOf(values, opsIsSet), warnings, unknown: unknownOf(env), effective }
}

function tracesOf(values: Values): TracesConfig | undefined {
  const { OTEL_TRACES_EXPORTER: exporters, OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = values
  if (values.OTEL_SDK_DISABLED || exporters?.includes('none')) return undefined
  if (exporters === undefined && base === undefined && own === undefined) return undefined
  const common = new URL(base ?? DEFAULT_COLLECTOR)
  common.pathname = `${common.pathname.replace(/\/$/, '')}/v1/traces`
  return {
    url: (own ?? common).href,
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    delayMs: values.OTEL_BSP_SCHEDULE_DELAY,
    exportMs: values.OTEL_BSP_EXPORT_TIMEOUT,
    queue: values.OTEL_BSP_MAX_QUEUE_SIZE,
    batch: values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
  }
}

function configOf(values: Values, opsIsSet: boolean): Config {
  const { DATABASE_URL: url, ROSTER_DATA: folder, ROSTER_OPS_HOST: opsHost, ROSTER_OPS_PORT: opsPort } = values
  const store: Store = url ? { engine: 'postgres', url } : { engine: 'embedded', folder: path.resolve(folder) }
  const production = values.NODE_ENV === 'production'
  return Object.freeze({
    store,
    production,
    host: values.HOST,
    port: values.PORT,
    ops: opsPort === undefined ? undefined : { host: opsHost, port: opsPort, isMeant: opsIsSet || production },
    traces: tracesOf(values),
    logLevel: values.LOG_LEVEL,
    publicUrl: values.ROSTER_PUBLIC_URL,
    trustedProxies: values.ROSTER_TRUSTED_PROXIES ?? [],
    corsOrigins: values.ROSTER_CORS_ORIGINS ?? [],
    ratePerAddress: values.ROSTER_RATE_PER_ADDRESS,
    ratePerKey: values.ROSTER_RATE_PER_KEY,
    passwordMinLength: values.ROSTER_PASSWORD_MIN_LENGTH,
    argon2: {
      memoryKiB: values.ROSTER_ARGON2_MEMORY_KIB,
      passes: values.ROSTER_ARGON2_PASSES,
      lanes: values.ROSTER_ARGON2_LANES,
    },
    hashConcurrency: values.ROSTER_HASH_CONCURRENCY,
    hashQueue: values.ROSTER_HASH_QUEUE,
    idempotencyHours: values.ROSTER_IDEMPOTENCY_HOURS,
    poolSize: values.ROSTER_POOL_SIZE,
    databaseQueue: values.ROSTER_DATABASE_QUEUE,
    prepare: values.ROSTER_PREPARE === 'on',
    sessionLimits: values.ROSTER_SESSION_LIMITS === 'on',
    connectMs: values.ROSTER_CONNECT_MS,
    statementMs: values.ROSTER_STATEMENT_MS,
    lockMs: values.ROSTER_LOCK_MS,
    deadlineMs: values.ROSTER_DEADLINE_MS,
    requests: values.ROSTER_REQUESTS,
    connections: values.ROSTER_CONNECTIONS,
    headersMs: values.ROSTER_HEADERS_MS,
    requestMs: values.ROSTER_REQUEST_MS,
    answerMs: values.ROSTER_ANSWER_MS,
    keepAliveMs: values.ROSTER_KEEP_ALIVE_MS,
    drainMs: values.ROSTER_DRAIN_MS,
    shutdownMs: values.ROSTER_SHUTDOWN_MS,
    keysPerUser: values.ROSTER_KEYS_PER_USER,
    rotateOverlapMs: values.ROSTER_ROTATE_OVERLAP_MS,
    lastUsedMs: values.ROSTER_LAST_USED_MS,
    signInKeyMs: values.ROSTER_SIGN_IN_KEY_MS,
    signInTries: values.ROSTER_SIGN_IN_TRIES,
    signInNetworkTries: values.ROSTER_SIGN_IN_NETWORK_TRIES,
    signInWindowMs: values.ROSTER_SIGN_IN_WINDOW_MS,
    logSignIns: values.ROSTER_SIGN_IN_LOG === 'on',
  })
}
