import { write, writeSync } from 'node:fs'

/** Lines wait this long at most for others, in milliseconds. */
const FLUSH_MS = 100

/** Bytes that may wait. Lines beyond are dropped, so that a reader that stopped costs no memory. */
const WAITING = 1_048_576

/** How long the first retry of a write to a full pipe waits, and the longest one, in milliseconds. */
const FIRST_RETRY_MS = 1
const LONGEST_RETRY_MS = 100

/** How long an exit waits for a reader that is slow, in milliseconds, and how often it looks. */
const EXIT_MS = 500
const LOOK_MS = 5

/** The code of a pipe, a socket or a terminal that takes no more for now. */
const FULL = 'EAGAIN'

/** How lines are put together. */
export interface Sizes {
  /** Lines wait until there are this many bytes. */
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

/** The newline that ends a torn line is none. */
const linesIn = (text: Buffer): number => text.toString().split('\n').filter((line) => line !== '').length

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

/** Where lines go: `process.stdout`, `process.stderr`, or a file. */
export interface Output {
  readonly fd: number
  /** What Node has for a pipe, a socket or a terminal, under no public name. */
  readonly _handle?: { readonly setBlocking: (isBlocking: boolean) => void }
}

/**
 * Lets no write wait for its reader, since a write that hangs keeps a thread, and the exit with it. Needed before each write:
 * the start and the end of another process on the same pipe, as a worker, make writes wait again.
 */
function unblock({ _handle }: Output): void {
  _handle?.setBlocking(false)
}

/**
 * Writes lines, whatever becomes of their reader: it never waits, and never throws. What can't be written is dropped and counted.
 * An exit writes what is left, as far as the reader takes it at once. (pino's own stream tries for ever, at an exit too.)
 */
export class Lines {
  /** Lines that were dropped. */
  dropped = 0
  readonly #pieces: Piece[] = []
  #waiting = 0
  #rest: Rest | undefined
  /** Part of a line was written, and the rest of it dropped: the next line needs a new one. */
  #isTorn = false
  /** The operating system has the rest, and writes it even if the process exits. */
  #isSending = false
  #retryMs = FIRST_RETRY_MS
  #timer: NodeJS.Timeout | undefined
  #output: Output | undefined

  /**
   * @param open gives the output, at the first write
   * @param onDrop told once, when the first line is dropped, of the reason as a code
   */
  constructor(
    readonly open: () => Output,
    readonly sizes: Sizes,
    readonly onDrop: (code: string) => void,
  ) {}

  /** @param bytes as many as the line has in UTF-8; measured where it is not said, which takes longer than the rest */
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

  /** Begins to write where there is enough, or what there is after a while. */
  #goOn(): void {
    if (this.#rest !== undefined || this.#waiting === 0) return
    if (this.#waiting >= this.sizes.minLength) this.#begin()
    else this.#timer ??= setTimeout(this.#begin, FLUSH_MS).unref()
  }

  readonly #begin = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Only called while something waits.
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

  /** Writes what is left while the process exits: no more turns of the event loop come. */
  readonly #finish = (): void => {
    const until = performance.now() + EXIT_MS
    if (this.#rest !== undefined && !this.#isSending && !this.#writeNow(this.#rest, until)) return
    for (const piece of this.#pieces) if (!this.#writeNow(this.#restOf(piece), until)) return
  }

  /** @returns whether all of it was taken in time */
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

/** Writes notes to stderr at once. What can't be written there is lost: there is no place left to say so. */
export function notes(): Lines {
  return new Lines(() => process.stderr, { minLength: 0, maxWrite: 4096 }, () => undefined)
}
