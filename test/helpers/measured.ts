const { NODE_V8_COVERAGE } = process.env

// Node hands it to every process that is started, whatever environment that is given: to npm, compilers and browsers too,
// which takes a third of their time. That of this process is counted all the same.
delete process.env.NODE_V8_COVERAGE

/** The environment of a process whose lines count for the coverage: of a server or a command as a process of its own. */
export const measured: Readonly<Record<string, string>> = NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE }
