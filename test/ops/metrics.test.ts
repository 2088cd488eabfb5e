import { readFileSync } from 'node:fs'
import { makePasswords } from '../../src/auth/passwords.js'
import { Histogram } from '../../src/ops/histogram.js'
import { makeMetrics } from '../../src/ops/metrics.js'
import { buildApp } from '../../src/app.js'
import { freshDatabase, testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

t.test('every metric is in docs/monitoring.md, and every one there is a metric', async (t) => {
  const { store, db } = await freshDatabase(t)
  const config = testConfig(store)
  const passwords = makePasswords(config)
  const app = await buildApp(config, { db, passwords })
  t.teardown(() => app.close())
  const metrics = await makeMetrics(app, db, passwords).getMetricsAsJSON()
  const made = metrics.map(({ name, type }) => [name, String(type)]).filter(([name]) => !/^(process|nodejs)_/.test(String(name)))
  const ofWorkers = [['roster_workers', 'gauge'], ['roster_workers_replaced_total', 'counter'], ['roster_spans_dropped_total', 'counter']]
  const rows = [...readFileSync('docs/monitoring.md', 'utf8').matchAll(/^\| `(\w+)` \| (histogram|gauge|counter) \|/gm)]
  t.strictSame(rows.map(([, name, type]) => [name, type]).toSorted(), [...made, ...ofWorkers].toSorted())
})

t.test('a histogram: buckets are cumulative, bounds belong to their bucket', async (t) => {
  const histogram = new Histogram('h', 'A histogram.')
  for (const seconds of [0.001, 0.0011, 0.3, 99]) histogram.observe(seconds, 'a', () => ({ of: 'a' }))
  histogram.observe(1, 'b', () => ({ of: 'b' }))
  const { values } = histogram.get()
  const bucket = (of: string, le: number | string) => values.find(({ labels }) => labels.of === of && labels.le === le)?.value
  t.strictSame([0.001, 0.0025, 0.25, 0.5, 10, '+Inf'].map((le) => bucket('a', le)), [1, 2, 2, 3, 3, 4])
  t.strictSame([0.75, 1].map((le) => bucket('b', le)), [0, 1])
  t.equal(values.find(({ metricName }) => metricName === 'h_count')?.value, 4)
  t.ok(Math.abs(values.find(({ metricName }) => metricName === 'h_sum')!.value - 99.3021) < 1e-9)
})
