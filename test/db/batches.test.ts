import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { inBatches, type Question } from '../../src/db/batches.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

interface Numbered extends Question {
  readonly n: number
}

/** Questions whose answer is their number, once the statement that has them is answered. */
function questions() {
  const events: string[] = []
  const underWay: (() => void)[] = []
  const ask = inBatches<Numbered, number>(async (batch) => {
    // As long as a connection of a pool takes to be there.
    await new Promise((done) => process.nextTick(done))
    events.push(`sent ${String(batch.length)}`)
    await new Promise<void>((done) => underWay.push(done))
    return batch.map(({ n }) => n)
  })
  /** Answers the statement that was sent first, and waits until all is done that follows from it. */
  const answerOne = async (): Promise<void> => {
    underWay.shift()?.()
    for (let turns = 0; turns < 10; turns++) await turn()
  }
  const again: Promise<number>[] = []
  /** Asks the questions from `first` on, and once they are answered some of them again, as 100 more. */
  const askMany = (first: number, count: number, isAskedAgain: (n: number) => boolean = () => false): void => {
    for (let n = first; n < first + count; n++) {
      void ask({ n }).then(() => {
        events.push(`answered ${String(n)}`)
        if (isAskedAgain(n)) again.push(ask({ n: 100 + n }))
      })
    }
  }
  return { ask, askMany, again, answerOne, events: () => events.splice(0) }
}

const answered = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => `answered ${String(first + n)}`)

t.test('a lone question is sent alone, and those that come meanwhile wait for its answer', async (t) => {
  const { ask, answerOne, events } = questions()
  const first = ask({ n: 1 })
  await turn()
  const then = [2, 3].map((n) => ask({ n }))
  await turn()
  t.strictSame(events(), ['sent 1'])
  await answerOne()
  t.strictSame(events(), ['sent 2'])
  await answerOne()
  t.strictSame(await Promise.all([first, ...then]), [1, 2, 3])
})

t.test('those who were answered ask again: it is sent before the other half of the answers is made', async (t) => {
  const { askMany, again, answerOne, events } = questions()
  askMany(0, 16, (n) => n >= 8 && n < 12)
  await turn()
  t.strictSame(events(), ['sent 8'])
  await answerOne()
  t.strictSame(events(), ['sent 8', ...answered(0, 7)], 'those that wait go before all answers')
  await answerOne()
  t.strictSame(events(), [...answered(8, 11), 'sent 4', ...answered(12, 15)])
  await answerOne()
  t.strictSame(await Promise.all(again), [108, 109, 110, 111])
})

t.test('those who have just come, and are read in this turn, are sent before answers are made', async (t) => {
  const { askMany, answerOne, events } = questions()
  askMany(0, 4)
  await turn()
  t.strictSame(events(), ['sent 4'])
  setImmediate(() => {
    askMany(4, 4)
  })
  await answerOne()
  t.strictSame(events(), ['sent 4', ...answered(0, 3)])
  await answerOne()
})

t.test('a statement is within the first question that it has, whoever has it sent', async (t) => {
  const about = new AsyncLocalStorage<number>()
  const seen: [about: number | undefined, first: number | undefined][] = []
  const ask = inBatches<Numbered, number>(
    async (batch) => {
      await turn()
      seen.push([about.getStore(), batch[0]?.n])
      return batch.map(({ n }) => n)
    },
    undefined,
    true,
  )
  await Promise.all(Array.from({ length: 16 }, (_, n) => about.run(n, () => ask({ n }))))
  t.strictSame(seen, [[0, 0], [8, 8]])
})

t.test('while answers are made a few questions wait for more', async (t) => {
  const { askMany, again, answerOne, events } = questions()
  askMany(0, 16, (n) => n === 8 || n === 15)
  await turn()
  await answerOne()
  events()
  await answerOne()
  t.strictSame(events().filter((event) => event.startsWith('sent')), ['sent 2'])
  await answerOne()
  t.strictSame(await Promise.all(again), [108, 115])
})
