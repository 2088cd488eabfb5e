import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inherited } from './settings.js'

const execute = promisify(execFile)
const children = new Set<ChildProcess>()

// Also where this process ends by an error that nobody caught.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A process that was started here. */
export interface Started {
  readonly pid: number
  /** Sends a signal, and waits until the process is gone. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>
  /** Throws, with what it wrote to stderr, when the process has ended. */
  readonly requireRunning: () => void
}

/** Starts a process that goes on until it is stopped. What it writes to stdout goes nowhere. */
export function start(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> = {},
): Started {
  const child = spawn(file, args, { ...options, env: { ...inherited, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  children.add(child)
  let said = ''
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4000)))
  const ended = new Promise<void>((done) => {
    child.once('error', (error) => {
      said += error.message
      children.delete(child)
      done()
    })
    child.once('exit', () => {
      children.delete(child)
      done()
    })
  })
  return {
    pid: Number(child.pid),
    stop: async (signal) => {
      child.kill(signal)
      await ended
    },
    requireRunning: () => {
      if (!children.has(child)) throw new Error(`${file} ${args.join(' ')} has ended: ${said}`)
    },
  }
}

/** Runs a command to its end and returns what it wrote to stdout. A failure is thrown with what it wrote. */
export async function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; uid?: number; gid?: number } = {},
): Promise<string> {
  const running = execute(file, args, { ...options, env: { ...inherited, ...options.env } })
  children.add(running.child)
  try {
    return (await running).stdout
  } finally {
    children.delete(running.child)
  }
}

/** Whether a command can be run: it is there. */
export async function isThere(file: string): Promise<boolean> {
  return run('sh', ['-c', 'command -v -- "$0"', file]).then(
    () => true,
    () => false,
  )
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}

/**
 * Tries something until it no longer throws.
 *
 * @param pauseMs between two tries
 * @throws what the last try threw, after `boundMs`, or what `process` has to say when it ended before
 */
export async function until<T>(attempt: () => Promise<T>, process: Started, boundMs: number, pauseMs = 50): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    process.requireRunning()
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await sleep(pauseMs)
  }
}

/** The memory of a process in MB (10^6 bytes): now, and at most so far. Undefined where there is no /proc. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } | undefined {
  const file = `/proc/${String(pid)}/status`
  if (!existsSync(file)) return undefined
  const status = readFileSync(file, 'utf8')
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  const megabytes = (field: string) => (kilobytes(field) * 1024) / 1e6
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM') }
}
