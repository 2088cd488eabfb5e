import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { findBinaries, onDatabase, OwnPostgres } from '../helpers/own-postgres.js'

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

/** Starts a server from the machine's own programs. */
async function startServer(binaries: string): Promise<Server> {
  const own = await OwnPostgres.make(binaries, serverSettings)
  try {
    await own.launch()
  } catch (error) {
    await own.remove()
    throw error
  }
  return { url: own.url, binaries, stop: () => own.remove() }
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
