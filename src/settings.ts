import { isIP } from 'node:net'

/** So many requests in so many seconds. */
export interface Rate {
  readonly requests: number
  readonly seconds: number
}

/** A kind of value. */
export interface Kind<T> {
  /** What the value must be, for the error message. */
  readonly must: string
  /** The value, or undefined when the text is none. An empty text never gets here: it is the default. */
  readonly parse: (text: string) => T | undefined
  /** Whether the value has every item of the text. A kind without this method never drops items. */
  readonly takesAll?: (text: string) => boolean
}

/** A setting: its kind, its default, and what it is for. */
export interface Setting<T, Default extends string = string> extends Kind<T> {
  /** Empty: none. */
  readonly byDefault: Default
  /** What it is for, in the README's table. */
  readonly purpose: string
  /** Set to nothing it is none, and not the default. */
  readonly canBeNone?: true
  /**
   * A variable of OpenTelemetry, which a platform may set for all of its programs. An invalid value is a warning, and the default
   * is used.
   */
  readonly isShared?: true
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

const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/

const host: Kind<string> = {
  must: 'be an address or a host name without a port, as 0.0.0.0 or ::1',
  parse: (value) => (isIP(value) !== 0 || HOST_NAME.test(value) ? value : undefined),
}

const folder: Kind<string> = {
  must: 'be the path of a folder',
  parse: (value) => (value.trim() === '' ? undefined : value),
}

const postgresUrl: Kind<string> = {
  must: 'be the URL of a Postgres database, as postgres://user:password@host:5432/name',
  parse: (value) => (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
}

/** The longest path of a proxy, in characters: every link repeats it. */
const LONGEST_PATH = 256

/**
 * Parses the path that a proxy serves this server under. The last slash is dropped, so the root is empty; undefined if invalid.
 * Segments have only unreserved characters (RFC 3986), so the path can't change the host or the query of a URL.
 */
export function proxyPathOf(text: string): string | undefined {
  const path = text.replace(/\/$/, '')
  return path.length <= LONGEST_PATH && /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/.test(path) ? path : undefined
}

function httpUrlOf(text: string): URL | undefined {
  return /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
}

const origin = (text: string): string | undefined => {
  const url = httpUrlOf(text)
  return url !== undefined && `${url.origin}/` === url.href ? url.origin : undefined
}

const publicUrl: Kind<string> = {
  must: 'be an origin, with or without a path of letters, digits, "-", ".", "_" and "~", as https://roster.example or https://corp.example/directory',
  parse: (value) => {
    const url = httpUrlOf(value)
    const path = url && proxyPathOf(url.pathname)
    // A URL with a user, a query or a fragment is refused.
    const isWhole = url?.href === `${String(url?.origin)}${String(url?.pathname)}`
    return isWhole && path !== undefined ? `${url.origin}${path}` : undefined
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
    const parts = value.split(',').map((part) => origin(part.trim()))
    return parts.every((part) => part !== undefined) ? parts : undefined
  },
}

const rate: Kind<Rate> = {
  must: 'be requests and seconds with a slash between, from 1/1 to 1000000/3600, as 600/60',
  parse: (value) => {
    const [requests, seconds, ...rest] = value.split('/').map((part, i) => integer(1, i === 0 ? 1_000_000 : 3600).parse(part))
    return requests !== undefined && seconds !== undefined && rest.length === 0 ? { requests, seconds } : undefined
  },
}

/** OpenTelemetry's booleans, which ignore case. */
const boolean: Kind<boolean> = {
  must: 'be true or false',
  parse: (value) => (/^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined),
}

const anyCaseOf = (...values: string[]): Kind<string> => {
  const { must, parse } = oneOf(...values)
  return { must, parse: (value) => parse(value.toLowerCase()) }
}

const EXPORTERS = ['otlp', 'none']

const namesIn = (list: string): string[] => list.split(',').map((name) => name.trim().toLowerCase())

const exporters: Kind<readonly string[]> = {
  must: `be one of ${EXPORTERS.join(', ')}`,
  parse: (value) => {
    const wanted = namesIn(value).filter((name) => EXPORTERS.includes(name))
    return wanted.length > 0 ? wanted : undefined
  },
  takesAll: (value) => namesIn(value).every((name) => EXPORTERS.includes(name)),
}

const collector: Kind<URL> = {
  must: 'be an http or https URL, as http://collector.example:4318',
  parse: (value) => (/^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined),
}

const ratio: Kind<number> = {
  must: 'be a number from 0 to 1',
  parse: (value) => (/^(0?\.\d+|[01](\.\d*)?)$/.test(value) && Number(value) <= 1 ? Number(value) : undefined),
}

const milliseconds = integer(1, 3_600_000)
const HIGHEST_32_BIT = 2_147_483_647

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000

const setting = <T, Default extends string>(kind: Kind<T>, byDefault: Default, purpose: string): Setting<T, Default> => ({
  ...kind,
  byDefault,
  purpose,
})

const shared = <T, Default extends string>(kind: Kind<T>, byDefault: Default, purpose: string) =>
  ({ ...setting(kind, byDefault, purpose), isShared: true }) as const

/** Every setting, in the order of the README's table. */
export const settings = {
  DATABASE_URL: setting(postgresUrl, '', 'the Postgres server to keep the directory on; without it, ROSTER_DATA'),
  ROSTER_DATA: setting(folder, '.roster', 'the folder of the embedded Postgres, where DATABASE_URL is not set'),
  NODE_ENV: setting(text, '', 'with "production", DATABASE_URL or ROSTER_DATA must be set, and no demo is made'),
  HOST: setting(host, '127.0.0.1', 'the address to listen on'),
  PORT: setting(integer(0, 65_535), '3000', 'the port to listen on; 0 for any'),
  LOG_LEVEL: setting(oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'info', 'what is logged'),
  ROSTER_OPS_HOST: setting(host, '127.0.0.1', 'the address of the listener for operators'),
  ROSTER_OPS_PORT: {
    ...setting(integer(0, 65_535), '3001', 'the port of the listener for operators; 0 for any, set to nothing for none'),
    canBeNone: true,
  },
  ROSTER_PUBLIC_URL: setting(publicUrl, '', "the base URL of links in answers, without /api; without it, the request's own origin"),
  ROSTER_TRUSTED_PROXIES: setting(addresses, '', 'the proxies whose X-Forwarded-For, -Proto, -Host and -Prefix count'),
  ROSTER_CORS_ORIGINS: setting(origins, '', 'the origins whose pages may call the API from a browser; without it, none'),
  ROSTER_RATE_PER_ADDRESS: setting(rate, '', 'what an address (IPv6: a /64) may send, to each process of --workers; without it, any number'),
  ROSTER_RATE_PER_KEY: setting(rate, '', 'what a key may send, to each process of --workers; without it, any number'),
  ROSTER_PASSWORD_MIN_LENGTH: setting(integer(8, 1024), '8', 'code points that a new password must have'),
  ROSTER_ARGON2_MEMORY_KIB: setting(integer(8, 4_194_304), '19456', 'memory of one argon2id hash, in KiB'),
  ROSTER_ARGON2_PASSES: setting(integer(1, 1000), '2', 'passes of one argon2id hash'),
  ROSTER_ARGON2_LANES: setting(integer(1, 255), '1', 'lanes of one argon2id hash'),
  ROSTER_HASH_CONCURRENCY: setting(integer(1, 1024), '2', 'hashes at a time, for each process of --workers'),
  ROSTER_HASH_QUEUE: setting(integer(0, 100_000), '256', 'hashes that may wait; more are answered 503'),
  ROSTER_IDEMPOTENCY_HOURS: setting(integer(1, 8760), '24', 'hours that the answer to an Idempotency-Key is kept'),
  ROSTER_POOL_SIZE: setting(integer(1, 1000), '10', 'connections to the Postgres server, for each process of --workers'),
  ROSTER_DATABASE_QUEUE: setting(integer(0, 100_000), '256', 'statements, and writes, that may wait for a connection; more are answered 503'),
  ROSTER_PREPARE: setting(oneOf('on', 'off'), 'on', 'whether statements are prepared; "off" behind a pgbouncer before 1.21'),
  ROSTER_SESSION_LIMITS: setting(oneOf('on', 'off'), 'on', 'whether Postgres is told the limits of time at connecting; "off" behind pgbouncer'),
  ROSTER_CONNECT_MS: setting(milliseconds, '5000', 'how long a request waits for a connection to the database'),
  ROSTER_STATEMENT_MS: setting(milliseconds, '10000', 'how long a statement may run'),
  ROSTER_LOCK_MS: setting(milliseconds, '5000', 'how long a statement waits for a lock'),
  ROSTER_DEADLINE_MS: setting(milliseconds, '15000', 'how long a request may take once it is read; then it is answered 503'),
  ROSTER_REQUESTS: setting(integer(1, 100_000), '1000', 'requests at a time, for each process of --workers; more are answered 503'),
  ROSTER_CONNECTIONS: setting(integer(1, 1_000_000), '10000', 'open connections of clients, for each process of --workers; more are closed'),
  ROSTER_HEADERS_MS: setting(milliseconds, '10000', 'how long a client may take to send the headers'),
  ROSTER_REQUEST_MS: setting(milliseconds, '30000', 'how long a client may take to send the whole request'),
  ROSTER_ANSWER_MS: setting(milliseconds, '30000', 'how long a client may take to read an answer'),
  ROSTER_KEEP_ALIVE_MS: setting(milliseconds, '65000', 'how long a connection may be idle'),
  ROSTER_DRAIN_MS: setting(
    integer(0, 15_000),
    '500',
    'how long a stop waits while /readyz is 503 and each answer closes its connection; less than 200 counts as 200',
  ),
  ROSTER_SHUTDOWN_MS: setting(milliseconds, '10000', 'how long requests in flight may take to finish after SIGTERM'),
  ROSTER_KEYS_PER_USER: setting(integer(1, 1000), '50', 'keys that a user may have at a time; those of sign-ins are counted apart'),
  ROSTER_ROTATE_OVERLAP_MS: setting(integer(0, 30 * DAY_MS), '86400000', 'how long a rotated key still works'),
  ROSTER_LAST_USED_MS: setting(milliseconds, '60000', 'how often it is written when keys were last used'),
  ROSTER_SIGN_IN_KEY_MS: setting(integer(1000, 1000 * DAY_MS), '43200000', 'how long the key of a sign-in lives'),
  ROSTER_SIGN_IN_TRIES: setting(integer(1, 100_000), '10', 'sign-ins to one account that may fail from one network in a window'),
  ROSTER_SIGN_IN_NETWORK_TRIES: setting(integer(1, 100_000), '100', 'sign-ins that may fail from one network in a window'),
  ROSTER_SIGN_IN_LOG: setting(oneOf('on', 'off'), 'on', "whether the log line of a refused sign-in has the enterprise, the client's network and the reason"),
  ROSTER_SIGN_IN_WINDOW_MS: setting(milliseconds, '900000', 'how long failed sign-ins count'),
  OTEL_SDK_DISABLED: shared(boolean, 'false', 'with "true" there are no traces'),
  OTEL_TRACES_EXPORTER: shared(exporters, '', 'with "otlp" traces are sent, by OTLP over HTTP; with "none" they are not'),
  OTEL_EXPORTER_OTLP_ENDPOINT: shared(collector, '', 'the base URL of the collector, to which /v1/traces is added; if set, traces are sent'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: shared(collector, '', 'the full URL of the collector for traces; if set, traces are sent'),
  OTEL_EXPORTER_OTLP_PROTOCOL: shared(anyCaseOf('http/protobuf'), 'http/protobuf', 'the protocol of the collector'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: shared(anyCaseOf('http/protobuf'), 'http/protobuf', 'the protocol of the collector for traces'),
  OTEL_TRACES_SAMPLER: shared(
    anyCaseOf('always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'),
    'parentbased_always_on',
    'the sampler, which selects the traces to send',
  ),
  OTEL_TRACES_SAMPLER_ARG: shared(ratio, '1', 'the fraction of traces to send, for a ratio sampler'),
  OTEL_BSP_SCHEDULE_DELAY: shared(integer(1, HIGHEST_32_BIT), '5000', 'how long spans wait for others before they are sent'),
  OTEL_BSP_EXPORT_TIMEOUT: shared(integer(1, HIGHEST_32_BIT), '30000', 'how long an export may take'),
  OTEL_BSP_MAX_QUEUE_SIZE: shared(integer(1, 100_000), '2048', 'the most spans that may wait; more are dropped'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: shared(integer(1, 100_000), '512', 'the most spans in one export'),
} as const
