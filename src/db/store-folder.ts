import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { OperatorError } from '../errors.js'

/** The major version of the embedded Postgres. */
const MAJOR = '18'

/** Without these files Postgres does not open a store, and PGlite makes a new one over what is there. */
const PARTS = ['PG_VERSION', 'global/pg_control', 'postgresql.conf', 'base', 'pg_wal', 'pg_xact']

const NO_RIGHT = 'this user has no right to write there: run as the owner, or give the right with chown or chmod'
const NO_FOLDER = 'a file is in its place, or in that of a folder above it: move the file, or name another folder'
const FULL = 'the disk is full: free some space, and start again'

/** What is wrong with a folder, by the code of the operating system. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: NO_RIGHT,
  EPERM: NO_RIGHT,
  EROFS: 'the file system is read-only: mount it writable, or name another folder',
  EEXIST: NO_FOLDER,
  ENOTDIR: NO_FOLDER,
  ENOENT:
    'a link in its path leads nowhere, or its file system takes no folders: mount the volume that the link names, or name another folder',
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: 'the size of files is limited: raise the limit (ulimit -f), and start again',
}

/** Bytes that a start may write: a segment of the write-ahead log. */
const NEEDED = 16_777_216

/** Any failure to use a folder as one for the operator. */
export function folderFault(folder: string, error: unknown): OperatorError {
  if (error instanceof OperatorError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = REASONS[code] ?? `${message}: name another folder`
  return new OperatorError(`the folder ${folder} of ROSTER_DATA can't be used: ${reason}`, reason === FULL ? 74 : 78)
}

/** A store that can't be used as it is. Roster leaves it in its place. */
export function damaged(store: string, reason: string): OperatorError {
  return new OperatorError(
    `the embedded store ${store} is damaged (${reason}): keep a copy of it, and restore a backup in its place, or name ` +
      'another folder in ROSTER_DATA',
    74,
  )
}

/** Fails as a write does where the disk is too full for a start: Postgres does not say that this is why it does not start. */
export function requireSpace(folder: string): void {
  const probe = path.join(folder, 'space.probe')
  try {
    writeFileSync(probe, Buffer.alloc(NEEDED))
  } finally {
    rmSync(probe, { force: true })
  }
}

/** Makes a folder and those above it. Node's own recursion never ends where a file system takes no folders, as `/proc`. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const above = path.dirname(folder)
    if (code === 'ENOENT' && !existsSync(above)) {
      makeFolder(above)
      return makeFolder(folder)
    }
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return false
    throw error
  }
}

/** Makes the folder, for its owner alone, where there is none. @throws {OperatorError} when it can't be used */
export function prepareFolder(folder: string): void {
  try {
    // The mode of a folder that is there is its owner's matter: it may hold more than the store.
    if (makeFolder(folder)) chmodSync(folder, 0o700)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw folderFault(folder, error)
  }
}

/**
 * Looks at a store before it is opened: in a folder without `PG_VERSION` PGlite would make a new store over the old one.
 *
 * @throws {OperatorError} when it is no store, or one of another version of Postgres
 */
export function requireStore(store: string): void {
  if (!statSync(store).isDirectory()) throw damaged(store, 'it is a file')
  accessSync(store, constants.R_OK | constants.W_OK | constants.X_OK)
  const missing = PARTS.find((part) => !existsSync(path.join(store, part)))
  if (missing !== undefined) throw damaged(store, `${missing} is missing`)
  accessSync(path.join(store, 'global/pg_control'), constants.R_OK | constants.W_OK)
  const major = readFileSync(path.join(store, 'PG_VERSION'), 'utf8').trim()
  if (major === MAJOR) return
  if (!/^\d+$/.test(major)) throw damaged(store, 'PG_VERSION holds no version')
  throw new OperatorError(
    `the embedded store ${store} is of Postgres ${major}, and this release has Postgres ${MAJOR}: use the release that made it`,
    78,
  )
}
