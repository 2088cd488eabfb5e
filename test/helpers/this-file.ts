import root, { type Test } from 'tap'

let file: Test = root

/** The test that the subtests of a file belong to: tap's own, or in a suite the one that `runFile` opened. */
export function thisFile(): Test {
  return file
}

/**
 * Runs a test file as one test of this process; its teardowns run at its end. A process for each file would take longer to
 * start than most files take to run.
 */
export async function runFile(name: string, load: () => Promise<unknown>): Promise<void> {
  await root.test(name, async (t) => {
    file = t
    await load()
  })
}
