import path from 'node:path'
import { pathToFileURL } from 'node:url'
import './helpers/measured.js'
import { runFile } from './helpers/this-file.js'

// Runs the test files that are named, one after the other, in this process.
for (const file of process.argv.slice(2)) await runFile(file, () => import(pathToFileURL(path.resolve(file)).href))
