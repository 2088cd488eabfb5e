import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { run, start, until } from './processes.js'

/** What the started server has that is not Postgres's default. The README says why. */
export const serverSettings = {
  shared_buffers: '1GB',
  max_connections: '400',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
} as const

/** A server to make databases on. */
export interface Server {
  readonly url: string
  /** The folder with the programs of Postgres that are on this machine, if there are any. */
  readonly binaries: string | undefined
  readonly stop: () => Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

async function findBinaries(): Promise<string | undefined> {
  const told = await run('pg_config', ['--bindir']).catch(() => '')
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [told.trim(), ...versions.map((version) => path.join(DEBIAN, version, 'bin'))]
  return folders.find((folder) => existsSync(path.join(folder, 'initdb')))
}

/** Postgres refuses to run as root. */
async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = [await run('id', ['-u', 'nobody']), await run('id', ['-g', 'nobody'])].map(Number)
  return { uid: uid!, gid: gid! }
}

/** Runs one statement on a database. */
export async function onDatabase(url: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Starts a server from the machine's own programs, in a temporary folder, reachable over a socket in it only. */
async function startServer(binaries: string): Promise<Server> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roster-bench-'))
  const user = await unprivileged()
  if (user.uid !== undefined) chownSync(folder, user.uid, Number(user.gid))
  const data = path.join(folder, 'data')
  const options = { ...user, cwd: folder }
  await run(
    path.join(binaries, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    options,
  )
  const settings = { listen_addresses: '', unix_socket_directories: folder, ...serverSettings }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = start(path.join(binaries, 'postgres'), ['-D', data, ...flags], {}, options)
  const url = `postgres://postgres@localhost/postgres?host=${folder}`
  const stop = async (): Promise<void> => {
    await server.stop('SIGQUIT')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(() => onDatabase(url, 'select 1'), server, 30_000)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, binaries, stop }
}

/** The server that the benchmark runs on: the one that is named, or one that is started for it. */
export async function openServer(url: string | undefined): Promise<Server> {
  const binaries = await findBinaries()
  if (url !== undefined) return { url, binaries, stop: async () => undefined }
  if (binaries === undefined) {
    throw new Error('No Postgres: set BENCH_DATABASE_URL, or install a server (Debian: apt-get install postgresql)')
  }
  return startServer(binaries)
}

/** A database of the benchmark's own. */
export interface Made {
  readonly url: string
  readonly drop: () => Promise<void>
}

/** Makes an empty database on a server. */
export async function makeDatabase(server: string): Promise<Made> {
  const name = `roster_bench_${String(process.pid)}_${String(Date.now())}`
  await onDatabase(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: async () => {
      await onDatabase(server, `drop database ${name} with (force)`)
    },
  }
}

/** Bytes that a user takes on the disk with its indexes, and as much again for the log of filling. */
const BYTES_PER_USER = 1600

/** Whether the disk has room for so many users. */
export function hasRoomFor(users: number): boolean {
  const { bavail, bsize } = statfsSync(tmpdir())
  return users * BYTES_PER_USER + 2e9 < bavail * bsize
}
