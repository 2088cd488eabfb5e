#!/usr/bin/env node
import { run } from './commands/run.js'
import { environment } from './config.js'

process.exitCode = await run(process.argv.slice(2), {
  env: environment,
  out: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
})
