import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { run, start, type Started, until } from '../bench/processes.js'

const DEBIAN = '/usr/lib/postgresql'

/** How long a server may take until it answers, in milliseconds. */
const START_MS = 30_000

/** The folder with the programs of Postgres that are on this machine, if there are any. */
export async function findBinaries(): Promise<string | undefined> {
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

/** A Postgres server of one's own, in a temporary folder and reachable over a socket in it only: to stop, pause and kill. */
export class OwnPostgres {
  #running: Started | undefined

  private constructor(
    readonly folder: string,
    readonly binaries: string,
    readonly flags: readonly string[],
    readonly user: { uid?: number; gid?: number },
  ) {}

  /** Makes an empty server from the machine's own programs. It does not run yet. */
  static async make(binaries: string, settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
    const folder = mkdtempSync(path.join(tmpdir(), 'roster-postgres-'))
    const user = await unprivileged()
    if (user.uid !== undefined) chownSync(folder, user.uid, Number(user.gid))
    await run(
      path.join(binaries, 'initdb'),
      ['--pgdata', path.join(folder, 'data'), '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { ...user, cwd: folder },
    )
    const all = { listen_addresses: '', unix_socket_directories: folder, ...settings }
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return new OwnPostgres(folder, binaries, flags, user)
  }

  get url(): string {
    return `postgres://postgres@localhost/postgres?host=${this.folder}`
  }

  /** Starts it, and waits until it answers. One that was killed may have processes that are still ending. */
  async launch(): Promise<void> {
    const file = path.join(this.binaries, 'postgres')
    const args = ['-D', path.join(this.folder, 'data'), ...this.flags]
    const end = performance.now() + START_MS
    for (;;) {
      const running = start(file, args, {}, { ...this.user, cwd: this.folder })
      this.#running = running
      try {
        await until(() => onDatabase(this.url, 'select 1'), running, START_MS, 20)
        return
      } catch (error) {
        await running.stop('SIGKILL')
        if (performance.now() > end) throw error
      }
    }
  }

  /** Ends it: SIGTERM waits for clients, SIGINT does not, SIGQUIT is an immediate stop, SIGKILL is sent to its first process alone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await this.#running!.stop(signal)
  }

  /** Sends a signal to all of its processes, as SIGSTOP and SIGCONT. */
  async signalAll(signal: NodeJS.Signals): Promise<void> {
    const first = this.#running!.pid
    const send = (pid: number) => process.kill(pid, signal)
    send(first)
    const children = await run('pgrep', ['-P', String(first)])
    for (const pid of children.trim().split('\n')) send(Number(pid))
  }

  /** Kills what runs, and removes its folder. */
  async remove(): Promise<void> {
    await this.#running?.stop('SIGQUIT')
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

/** A server of a test's own, running; it is gone at the end. */
export async function ownPostgres(
  teardown: (gone: () => Promise<void>) => unknown,
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnPostgres> {
  const binaries = await findBinaries()
  if (binaries === undefined) throw new Error('No Postgres on this machine (Debian: apt-get install postgresql)')
  const server = await OwnPostgres.make(binaries, { shared_buffers: '16MB', ...settings })
  teardown(() => server.remove())
  await server.launch()
  return server
}
