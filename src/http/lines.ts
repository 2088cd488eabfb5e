import { write, writeSync } from 'node:fs'

/** Lines wait this long at most for others, in milliseconds. */
const FLUSH_MS = 100

/** The most bytes that wait. Lines beyond are dropped, so that a stalled reader does not cost memory. */
const WAITING = 1_048_576

/** How long the first retry of a write to a full pipe waits, and the longest one, in milliseconds. */
const FIRST_RETRY_MS = 1
const LONGEST_RETRY_MS = 100

/** How long an exit waits for a slow reader, and the pause between its attempts, in milliseconds. */
const EXIT_MS = 500
const LOOK_MS = 5

/** The error code of a pipe, a socket or a terminal whose buffer is full. */
const FULL = 'EAGAIN'

/** How many bytes of lines are written together. */
export interface Sizes {
  /** Lines wait for others until there are this many bytes. */
  readonly minLength: number
  /** Bytes in one write, unless one line is longer. */
  readonly maxWrite: number
}

/** Whole lines that are written together. */
interface Piece {
  text: string
  bytes: number
}

/** A piece that is being written. */
interface Rest {
  readonly bytes: number
  left: Buffer
}

const NEWLINE = 10

/** Counts lines, without the empty one that a newline before a piece makes. */
const linesIn = (text: Buffer): number => text.toString().split('\n').filter((line) => line !== '').length

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

/** Where lines go: `process.stdout`, `process.stderr`, or a file. */
export interface Output {
  readonly fd: number
  /** Node's handle of a pipe, a socket or a terminal. There is no public name for it. */
  readonly _handle?: { readonly setBlocking: (isBlocking: boolean) => void }
}

/**
 * Makes writes non-blocking: a write that hangs would hold a thread of the pool, and delay the exit. Needed before each write,
 * since another process on the same pipe, as a worker, makes it blocking again when it starts and ends.
 */
function unblock({ _handle }: Output): void {
  _handle?.setBlocking(false)
}

/**
 * Writes lines without ever blocking or throwing, even if their reader stalls or dies. Lines that can't be written are dropped and
 * counted. An exit writes waiting lines, for a bounded time; the stream of pino would retry forever.
 */
export class Lines {
  /** Lines that were dropped. */
  dropped = 0
  readonly #pieces: Piece[] = []
  #waiting = 0
  #rest: Rest | undefined
  /** The last write ended within a line: if the rest is dropped, the next piece must start with a newline. */
  #isTorn = false
  /** A write of the rest is in the thread pool, which finishes it even if the process exits. */
  #isSending = false
  #retryMs = FIRST_RETRY_MS
  #timer: NodeJS.Timeout | undefined
  #output: Output | undefined

  /**
   * @param open returns the output; called at the first write
   * @param onDrop called once, at the first dropped line, with the error code
   */
  constructor(
    readonly open: () => Output,
    readonly sizes: Sizes,
    readonly onDrop: (code: string) => void,
  ) {}

  /** @param bytes the length of the line in UTF-8; the default measures it, which takes longer than the rest of this method */
  write(line: string, bytes = Buffer.byteLength(line)): void {
    if (this.#waiting + bytes > WAITING) {
      this.#drop(1, FULL)
      return
    }
    if (this.#waiting === 0) process.on('exit', this.#finish)
    this.#waiting += bytes
    const last = this.#pieces.at(-1)
    if (last === undefined || last.bytes + bytes > this.sizes.maxWrite) this.#pieces.push({ text: line, bytes })
    else {
      last.text += line
      last.bytes += bytes
    }
    this.#goOn()
  }

  /** Starts a write as soon as enough bytes wait, or after a pause. */
  #goOn(): void {
    if (this.#rest !== undefined || this.#waiting === 0) return
    if (this.#waiting >= this.sizes.minLength) this.#begin()
    else this.#timer ??= setTimeout(this.#begin, FLUSH_MS).unref()
  }

  readonly #begin = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // `#goOn` and its timer call this only while a piece waits.
    this.#rest = this.#restOf(this.#pieces.shift() as Piece)
    this.#send()
  }

  #restOf({ text, bytes }: Piece): Rest {
    return { bytes, left: Buffer.from(this.#isTorn ? `\n${text}` : text) }
  }

  readonly #send = (): void => {
    const { fd } = this.#ready()
    const rest = this.#rest as Rest
    this.#isSending = true
    write(fd, rest.left, (error, written) => {
      this.#isSending = false
      if (error === null) this.#sent(rest, written)
      else if (error.code === FULL) this.#retry()
      else {
        this.#drop(linesIn(rest.left), codeOf(error))
        this.#end(rest)
      }
    })
  }

  #ready(): Output {
    this.#output ??= this.open()
    unblock(this.#output)
    return this.#output
  }

  #sent(rest: Rest, written: number): void {
    this.#retryMs = FIRST_RETRY_MS
    this.#take(rest, written)
    if (rest.left.length > 0) this.#send()
    else this.#end(rest)
  }

  #take(rest: Rest, written: number): void {
    this.#isTorn = rest.left[written - 1] !== NEWLINE
    rest.left = rest.left.subarray(written)
  }

  #retry(): void {
    setTimeout(this.#send, this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS)
  }

  #end({ bytes }: Rest): void {
    this.#rest = undefined
    this.#waiting -= bytes
    if (this.#waiting === 0) process.off('exit', this.#finish)
    this.#goOn()
  }

  #drop(lines: number, code: string): void {
    const isFirst = this.dropped === 0
    this.dropped += lines
    if (isFirst) this.onDrop(code)
  }

  /** Writes waiting lines synchronously while the process exits, since the event loop has stopped. */
  readonly #finish = (): void => {
    const until = performance.now() + EXIT_MS
    if (this.#rest !== undefined && !this.#isSending && !this.#writeNow(this.#rest, until)) return
    for (const piece of this.#pieces) if (!this.#writeNow(this.#restOf(piece), until)) return
  }

  /** @returns whether all of it was written in time */
  #writeNow(rest: Rest, until: number): boolean {
    const asleep = new Int32Array(new SharedArrayBuffer(4))
    while (rest.left.length > 0) {
      try {
        this.#take(rest, writeSync(this.#ready().fd, rest.left))
      } catch (error) {
        if (codeOf(error) !== FULL || performance.now() > until) return false
        Atomics.wait(asleep, 0, 0, LOOK_MS)
      }
    }
    return true
  }
}

/** Writes notes to stderr at once. Notes that can't be written are lost without a report. */
export function notes(): Lines {
  return new Lines(() => process.stderr, { minLength: 0, maxWrite: 4096 }, () => undefined)
}
