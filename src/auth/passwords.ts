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
}

/** Makes the one `Passwords` of a process. */
export function makePasswords(config: PasswordConfig): Passwords {
  const queue = boundedQueue(config.hashConcurrency, config.hashQueue, 'hashes')
  const { memoryKiB: memoryCost, passes: timeCost, lanes: parallelism } = config.argon2

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
        () => argon2.hash(password.normalize('NFKC'), { type: argon2.argon2id, memoryCost, timeCost, parallelism }),
        waiter,
      ),
  }
}
