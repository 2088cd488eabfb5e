import { randomBytes } from 'node:crypto'
import { dictionary } from '@zxcvbn-ts/language-common'
import argon2 from 'argon2'
import type { Config } from '../config.js'
import { lengthText, passwordLength } from '../contract.js'
import type { Fault } from '../errors.js'
import { fold } from '../names.js'
import { boundedQueue, type Load, type Waiter } from '../overload.js'

const common: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/** The settings that passwords need. */
export type PasswordConfig = Pick<Config, 'passwordMinLength' | 'argon2' | 'hashConcurrency' | 'hashQueue'>

/** Checks and hashes passwords. */
export interface Passwords {
  /**
   * What is wrong with a password, empty for none. An empty password means that none is given.
   *
   * @param user the name and the address of the user that it is for; neither, nor the address's local part, may be the
   *   password, compared as names are
   */
  faults: (password: string, user: { readonly username: string; readonly email: string }) => Fault[]
  /**
   * The argon2id hash of a password, as a PHC string. Runs on libuv's threads, a bounded number at a time.
   *
   * @param waiter where nobody waits any more when its turn comes, it is dropped
   * @throws {Problem} `unavailable` when too many wait already, or nobody does
   */
  hash: (password: string, waiter?: Waiter) => Promise<string>
  /** Hashes that run and wait now. */
  load: () => Load
  /**
   * Whether a password is the one that was hashed. Where there is no hash it is compared all the same, with one of nothing
   * and today's parameters, so that nobody can tell by the time it takes.
   *
   * @throws {Problem} `unavailable` when too many wait already, or nobody does
   */
  verify: (hash: string | null, password: string, waiter?: Waiter) => Promise<boolean>
  /** Whether a hash was made with other parameters than today's. */
  isOutdated: (hash: string) => boolean
}

/** Bytes of salt and hash, as argon2 makes them. */
const SALT_BYTES = 16
const HASH_BYTES = 32

/** A hash, as a PHC string, that no password has. */
function hashOfNothing({ memoryKiB, passes, lanes }: Config['argon2']): string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  const parameters = `m=${String(memoryKiB)},t=${String(passes)},p=${String(lanes)}`
  return `$argon2id$v=19$${parameters}$${random(SALT_BYTES)}$${random(HASH_BYTES)}`
}

/** Makes the one `Passwords` of a process. */
export function makePasswords(config: PasswordConfig): Passwords {
  const queue = boundedQueue(config.hashConcurrency, config.hashQueue, 'hashes')
  const { memoryKiB: memoryCost, passes: timeCost, lanes: parallelism } = config.argon2
  const nothing = hashOfNothing(config.argon2)

  return {
    faults(password, { username, email }) {
      if (password === '') return []
      const folded = fold(password)
      const length = Array.from(password.normalize('NFKC')).length
      if (length < passwordLength.minimum || length > passwordLength.maximum) {
        return [{ code: 'validation_failed', text: `password: ${lengthText(passwordLength)}` }]
      }
      const texts = [
        ...(length < config.passwordMinLength
          ? [`password: must have at least ${String(config.passwordMinLength)} characters`]
          : []),
        ...(common.has(folded) ? ['password: is one of the most common ones'] : []),
        ...([username, email, email.replace(/@.*/, '')].some((name) => fold(name) === folded) ? ['password: must not be the name or the address'] : []),
      ]
      return texts.map((text) => ({ code: 'weak_password', text }))
    },

    load: queue.load,

    hash: (password, waiter) =>
      queue(
        // Its own salt it would wait for on the threads that hash.
        () => argon2.hash(password.normalize('NFKC'), { type: argon2.argon2id, memoryCost, timeCost, parallelism, salt: randomBytes(SALT_BYTES) }),
        waiter,
      ),

    verify: (hash, password, waiter) => queue(() => argon2.verify(hash ?? nothing, password.normalize('NFKC')), waiter),

    isOutdated: (hash) => argon2.needsRehash(hash, { memoryCost, timeCost, parallelism }),
  }
}
