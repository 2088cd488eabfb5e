/** What takes lines. */
export interface Sink {
  readonly write: (lines: string) => unknown
}

/** What gathers them. */
export interface Gathering {
  /** @param bytes as many as the line has in UTF-8; measured where it is not said, which takes longer than to gather it */
  readonly write: (line: string, bytes?: number) => void
}

const UNWRITTEN = new Set<() => void>()

// Before the sink's own listener, which writes what it has.
process.on('exit', () => {
  for (const handOver of UNWRITTEN) handOver()
})

/**
 * Hands lines over together, those of one turn of the event loop: pino's stream measures all that waits in it again for each
 * piece that it is given. An exit hands over what is left.
 *
 * @param most bytes in one piece, unless one line is longer
 */
export function gatherLines(sink: Sink, most: number): Gathering {
  let lines = ''
  let bytes = 0
  const handOver = (): void => {
    UNWRITTEN.delete(handOver)
    const gathered = lines
    lines = ''
    bytes = 0
    if (gathered !== '') sink.write(gathered)
  }
  return {
    write(line, more = Buffer.byteLength(line)) {
      if (bytes + more > most) handOver()
      if (lines === '') {
        UNWRITTEN.add(handOver)
        setImmediate(handOver)
      }
      lines += line
      bytes += more
    },
  }
}
