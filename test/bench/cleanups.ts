/** What is to be stopped and removed at the end. */
export class Cleanups {
  readonly #steps: (() => Promise<unknown>)[] = []
  #running: Promise<void> | undefined

  /** Remembers a step. */
  add(step: () => Promise<unknown>): void {
    this.#steps.push(step)
  }

  /** Runs all steps once, the last one first, also after one that fails. Who asks meanwhile waits for the same run. */
  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #runAll(): Promise<void> {
    const failures: unknown[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
}

const INTERRUPTED = 130

/** Runs the work of a process, cleans up after it or at a signal, and says a failure on stderr and by the exit code. */
export async function runWithCleanups(work: (cleanups: Cleanups) => Promise<void>): Promise<void> {
  const cleanups = new Cleanups()
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.abort()
      void cleanups.run().finally(() => process.exit(INTERRUPTED))
    })
  }
  try {
    await work(cleanups).finally(() => cleanups.run())
  } catch (error) {
    // What fails because everything is being taken away is no news.
    if (interrupt.signal.aborted) return
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
