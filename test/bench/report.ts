import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import type { Goal } from './goals.js'
import type { Row } from './rounds.js'
import type { Fact } from './scenarios.js'

/** All that one size of the big enterprise has given. */
export interface Result {
  readonly users: number
  readonly rows: readonly Row[]
  readonly facts: readonly Fact[]
  readonly goals: readonly Goal[]
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2))
const perhaps = (value: number | undefined): string => (value === undefined ? '-' : digits(value))

/** Text in columns; the first `left` of them are aligned to the left. */
function table(lines: readonly (readonly string[])[], left: number): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const cell = (text: string, column: number) =>
    column < left ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n')
}

/** How many times as fast the server was as the target of a row, in the same rounds. */
function ratioTo(row: Row, rows: readonly Row[]): string {
  const same = (other: Row) => other.scenario === row.scenario && other.connections === row.connections
  const roster = rows.find((other) => same(other) && other.target === 'roster')
  return roster && roster !== row ? digits(roster.requestsPerSecond / row.requestsPerSecond) : ''
}

/** Rows that are read against what a list costs without counts that are kept. */
const LISTS = /^(first|deep)-page$/

/** The table of some rows. */
export function rowsTable(rows: readonly Row[]): string {
  const head = ['scenario', 'connections', 'target', 'requests/s', 'p50 ms', 'p99 ms', 'roster / this']
  const lines = rows.map((row) => [
    row.scenario,
    String(row.connections),
    LISTS.test(row.scenario) && row.target === 'bare' ? 'bare (exact count(*))' : row.target,
    digits(row.requestsPerSecond),
    perhaps(row.p50),
    perhaps(row.p99),
    ratioTo(row, rows),
  ])
  return table([head, ...lines], 3)
}

/** The table of goals and whether they were met. */
export function goalsTable(goals: readonly Goal[]): string {
  const head = ['goal', 'wanted', 'measured', '']
  const lines = goals.map(({ what, least, most, measured, met }) => [
    what,
    least === undefined ? `<= ${String(most)}` : `>= ${String(least)}`,
    digits(measured),
    met ? 'met' : 'MISSED',
  ])
  return table([head, ...lines], 1)
}

/** What the figures depend on. */
export function machine(): Record<string, unknown> {
  const processors = cpus()
  return { node: process.version, processor: processors[0]?.model, cores: processors.length, memoryBytes: totalmem() }
}

/** Writes everything as JSON, also each round. */
export function writeJson(file: string, content: Readonly<Record<string, unknown>>): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}
