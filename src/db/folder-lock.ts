import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { OperatorError } from '../errors.js'

/** Bytes that the address of a Unix socket may have on every system (`sun_path`, least the ending zero). */
const ADDRESS_LIMIT = 103
const OWNER = /^owner-[0-9a-f]{8}\.sock$/

function addressOf(folder: string, name: string): string {
  const absolute = path.resolve(folder, name)
  const address = [absolute, path.relative('', absolute)].find((one) => Buffer.byteLength(one) <= ADDRESS_LIMIT)
  if (address === undefined) {
    throw new OperatorError(`ROSTER_DATA is too long a path (${folder}): start in the folder above it, or use a shorter one`)
  }
  return address
}

function listen(address: string): Promise<Server> {
  return new Promise((done, failed) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', failed)
    server.listen(address, () => {
      done(server.unref())
    })
  })
}

function answers(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => {
      done(false)
    })
  })
}

/**
 * Takes a folder for this process alone. The lock is a Unix socket that its holder listens on, so it ends with the process,
 * however that ends, and a process number that is used again means nothing.
 *
 * Everyone listens first and looks for others then; so of two at once at least one sees the other, and gives way.
 *
 * @returns gives the folder back
 * @throws {OperatorError} when another process has it
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const mine = `owner-${randomUUID().slice(0, 8)}.sock`
  const server = await listen(addressOf(folder, mine))
  const others = readdirSync(folder).filter((name) => OWNER.test(name) && name !== mine)
  for (const other of others) {
    if (await answers(addressOf(folder, other))) {
      server.close()
      throw new OperatorError(`another process uses ${path.resolve(folder)}: stop it first`, 75)
    }
    // Nobody listens on it, and names are never used twice: its holder is gone.
    rmSync(path.join(folder, other), { force: true })
  }
  return () => {
    server.close()
  }
}
