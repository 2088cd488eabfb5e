import { existsSync, readFileSync } from 'node:fs'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

const page = readFileSync('docs/security.md', 'utf8')
const rows = page.split('\n').filter((line) => /^\| (API\d|\d)/.test(line))

t.test('every test that the threat model names is there, and every line names one', async (t) => {
  t.ok(rows.length >= 40, `${String(rows.length)} lines`)
  const named = [...new Set(page.match(/test\/[\w./-]+\.ts/g))]
  for (const file of named) t.ok(existsSync(file), file)
  for (const row of rows) t.match(row.split('|').at(-2), /`test\/[\w./-]+\.test\.ts`/, row.slice(0, 60))
})

t.test('every risk of the API Security Top 10 has its line', async (t) => {
  for (let risk = 1; risk <= 10; risk++) t.equal(rows.filter((row) => row.startsWith(`| API${String(risk)} `)).length, 1, `API${String(risk)}`)
})

t.test('every file of the abuses and of the fuzzer is named', async (t) => {
  for (const file of ['test/abuse/requests.test.ts', 'test/abuse/wire.test.ts', 'test/fuzz/fuzz.test.ts', 'test/http/rate-limits.test.ts', 'test/sbom.test.ts']) t.match(page, file)
})
