#!/usr/bin/env node
import { run } from './commands/run.js'
import { environment } from './config.js'
import { notes } from './http/lines.js'

const OUTPUT_FAILED = 74

/** Bytes of one write to stdout: a pipe takes no fewer at a time, so what was taken of a long line is known. */
const PIECE = 4096

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

process.exitCode = await run(process.argv.slice(2), {
  env: environment,
  out: (text) => {
    const bytes = Buffer.from(`${text}\n`)
    for (let at = 0; at < bytes.length; at += PIECE) {
      process.stdout.write(bytes.subarray(at, at + PIECE), (error) => {
        isTaken ||= !error
      })
    }
  },
  note,
})
