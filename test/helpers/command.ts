import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { run } from '../../src/commands/run.js'
import type { Environment } from '../../src/config.js'
import { measured } from './measured.js'

/** What a command line did. */
export interface Ran {
  readonly code: number | null
  /** The lines of stdout and of stderr. */
  readonly out: string[]
  readonly note: string[]
}

/** Runs a command line in this process, in an environment of nothing but `env`. */
export async function runHere(env: Environment, ...args: string[]): Promise<Ran> {
  const out: string[] = []
  const note: string[] = []
  const code = await run(args, { env, out: (line) => out.push(line), note: (line) => note.push(line) })
  return { code, out, note }
}

/** Starts a command line as a process of its own. The settings are those of `env` alone. */
export function start(env: Environment, ...args: string[]): ChildProcess {
  return startOf('dist/src/cli.js', env, ...args)
}

/** The same with the command of another version. */
export function startOf(cli: string, env: Environment, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...measured, DATABASE_URL: undefined, ...env } })
}

/** Waits for the end of a process of `start`. */
export async function finish(child: ChildProcess): Promise<Ran> {
  const [out, note] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  const lines = (all: string) => all.split('\n').filter((line) => line !== '')
  return { code: child.exitCode, out: lines(out), note: lines(note) }
}

/** The one line of JSON that a command printed. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as `json<T>()` of an answer
export function jsonOf<T>({ out }: Ran): T {
  if (out.length !== 1 || out[0]!.includes('\n')) throw new Error(`not one line: ${JSON.stringify(out)}`)
  return JSON.parse(out[0]!) as T
}
