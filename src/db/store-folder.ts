import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { OperatorError } from '../errors.js'

/** The major version of the embedded Postgres. */
const MAJOR = '18'

/** Postgres needs these files. Without them, PGlite would make a new store over the old one. */
const PARTS = ['PG_VERSION', 'global/pg_control', 'postgresql.conf', 'base', 'pg_wal', 'pg_xact']

const NO_RIGHT = 'this user may not write there: run as the owner, or grant access with chown or chmod'
const NO_FOLDER = 'the path, or one above it, is a file: move the file, or name another folder'
const FULL = 'the disk is full: free some space, and start again'

/** The fault of a folder, and the remedy, by the error code of the operating system. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: NO_RIGHT,
  EPERM: NO_RIGHT,
  EROFS: 'the file system is read-only: mount it writable, or name another folder',
  EEXIST: NO_FOLDER,
  ENOTDIR: NO_FOLDER,
  ENOENT:
    'a symbolic link in its path is dangling, or its file system takes no folders: mount the missing volume, or name another folder',
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: 'the size of files is limited: raise the limit (ulimit -f), and start again',
}

/** Bytes that a start may write: a segment of the write-ahead log. */
const NEEDED = 16_777_216

/** Turns any failure to use a folder into an error for the operator. */
export function folderFault(folder: string, error: unknown): OperatorError {
  if (error instanceof OperatorError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = REASONS[code] ?? `${message}: name another folder`
  return new OperatorError(`the folder ${folder} of ROSTER_DATA can't be used: ${reason}`, reason === FULL ? 74 : 78)
}

/** The error for a damaged store. Roster never changes or replaces such a store. */
export function damaged(store: string, reason: string): OperatorError {
  return new OperatorError(
    `the embedded store ${store} is damaged (${reason}): keep a copy of it, and restore a backup in its place, or name ` +
      'another folder in ROSTER_DATA',
    74,
  )
}

/** Throws the error of a write if the disk is too full for a start: Postgres itself fails without a reason. */
export function requireSpace(folder: string): void {
  const probe = path.join(folder, 'space.probe')
  try {
    writeFileSync(probe, Buffer.alloc(NEEDED))
  } finally {
    rmSync(probe, { force: true })
  }
}

/** Makes a folder and its parents. Node's `recursive` option loops forever on a file system without folders, as `/proc`. */
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

/** Makes the folder with mode 0700 if it does not exist. @throws {OperatorError} when it can't be used */
export function prepareFolder(folder: string): void {
  try {
    // An existing folder keeps its mode: it may hold more than the store.
    if (makeFolder(folder)) chmodSync(folder, 0o700)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw folderFault(folder, error)
  }
}

/**
 * Checks a store before it is opened: without `PG_VERSION`, PGlite would make a new store over the old one.
 *
 * @throws {OperatorError} when the store is damaged, or of another version of Postgres
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
