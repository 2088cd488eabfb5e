#!/usr/bin/env node
// Older releases of Node must be able to parse this file, so all other modules are imported after the check of the version.
const [NEEDED_MAJOR, NEEDED_MINOR] = [20, 19] as const
const OUTPUT_FAILED = 74

/** Bytes of one write to stdout: a pipe takes no fewer at a time, so what was taken of a long line is known. */
const PIECE = 4096

/** The exit codes of a shell for commands that end by these signals. */
const SIGNALLED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** How long open handles of a failed command may keep the process alive, in milliseconds. */
const LEFT_OPEN_MS = 500

async function main(): Promise<void> {
  const [{ run }, { environment }, { notes }] = await Promise.all([
    import('./commands/run.js'),
    import('./config.js'),
    import('./http/lines.js'),
  ])
  const stderr = notes()
  const note = (text: string): void => {
    stderr.write(`${text}\n`)
  }
  // A stderr that breaks must not end a server.
  process.stderr.on('error', () => undefined)

  let isTaken = false
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    // A reader may close the pipe early, as `head` does: no failure, provided that it took some output.
    if (code === 'EPIPE' && isTaken) process.exit(0)
    note(`roster: the result can't be written to stdout (${String(code)}): the command ran, but its output is lost`)
    process.exit(OUTPUT_FAILED)
  })

  const code = await run(process.argv.slice(2), {
    env: environment,
    out: (text) => {
      const bytes = Buffer.from(`${text}\n`)
      for (let at = 0; at < bytes.length; at += PIECE) {
        process.stdout.write(bytes.subarray(at, at + PIECE), (error) => {
          isTaken = isTaken || !error
        })
      }
    },
    note,
  })
  process.exitCode = code
  if (code !== 0) setTimeout(() => process.exit(), LEFT_OPEN_MS).unref()
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NEEDED_MAJOR || (major === NEEDED_MAJOR && minor < NEEDED_MINOR)) {
  process.stderr.write(`roster: Node ${process.versions.node} is too old: install Node 20.19 or newer\n`)
  process.exitCode = 1
} else {
  // Without a handler, process 1 of a container ignores signals. A server that listens replaces these handlers.
  const isServer = process.argv[2] === 'serve'
  for (const [signal, code] of Object.entries(SIGNALLED)) process.on(signal, () => process.exit(isServer ? 0 : code))
  void main()
}
