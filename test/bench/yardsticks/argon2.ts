import argon2 from 'argon2'
import { loadConfig } from '../../../src/config.js'

// With the server's parameters and its concurrency: it can't create more users with passwords than this hashes.
const { argon2: parameters, hashConcurrency } = loadConfig({}).config
const { memoryKiB: memoryCost, passes: timeCost, lanes: parallelism } = parameters

const seconds = Number(process.argv[2])
const began = performance.now()
const end = began + seconds * 1000
const times: number[] = []

async function hashUntilEnd(): Promise<void> {
  while (performance.now() < end) {
    const start = performance.now()
    const password = `a long passphrase of ${String(start)}`
    await argon2.hash(password, { type: argon2.argon2id, memoryCost, timeCost, parallelism })
    times.push(performance.now() - start)
  }
}

await Promise.all(Array.from({ length: hashConcurrency }, hashUntilEnd))
const requestsPerSecond = times.length / ((performance.now() - began) / 1000)
const sorted = times.toSorted((a, b) => a - b)
const percentile = (part: number) => sorted[Math.floor(sorted.length * part)]
process.stdout.write(JSON.stringify({ requestsPerSecond, p50: percentile(0.5), p99: percentile(0.99) }))
