import type { Ask, Asked } from '../helpers/ask.js'

/** What a user must be: as last acknowledged, or, where a later change was cut off, as that would have made it. */
interface Expected {
  /** The first names it may have. */
  names: string[]
  /** It may be gone: a delete was cut off. */
  mayBeGone: boolean
}

interface Listed {
  readonly id: number
  readonly username: string
  readonly first_name: string
  readonly last_name: string
  readonly email: string
  readonly profile: { readonly role: string; readonly groups: readonly string[] }
}

/** Users of one page of the list. */
const PAGE = 1000

/** Statuses that say for sure that nothing was written. */
const REFUSED = new Set([400, 401, 403, 404])

/** What a user named so was created with, all of which it has or it is not there. */
const created = (username: string) => ({
  username,
  email: `${username}@acme.example`,
  first_name: 'First',
  last_name: `Last ${username}`,
  profile: { role: 'Viewer', groups: [username, 'all'] },
})

/**
 * Who writes, and what was acknowledged. An answer of 2xx is a promise; no answer and 503 are none: the write was made or
 * was not, but whole in either case.
 */
export class Ledger {
  readonly #users = new Map<number, Expected>()
  readonly #deleted = new Set<number>()
  /** Names of creates that were cut off. */
  readonly #unsure = new Set<string>()
  #number = 0
  acknowledged = 0
  cutOff = 0
  wrong: string[] = []

  #note({ status, body }: Asked, what: string): 'done' | 'unsure' {
    if (status !== undefined && status < 300) {
      this.acknowledged++
      return 'done'
    }
    this.cutOff++
    if (status !== undefined && (REFUSED.has(status) || status !== 503)) this.wrong.push(`${what} answered ${String(status)}: ${body}`)
    return 'unsure'
  }

  async #create(ask: Ask, own: number[]): Promise<void> {
    const username = `user-${String(++this.#number)}`
    // Some with a password, so that hashes are among what is cut off.
    const password = this.#number % 5 === 0 ? { password: `for ${username} alone` } : {}
    const answer = await ask('POST', '/user/', { ...created(username), ...password })
    if (this.#note(answer, 'a create') === 'unsure') {
      this.#unsure.add(username)
      return
    }
    const { id } = JSON.parse(answer.body) as { id: number }
    this.#users.set(id, { names: ['First'], mayBeGone: false })
    own.push(id)
  }

  async #change(ask: Ask, id: number): Promise<void> {
    const expected = this.#users.get(id)!
    const first_name = `Changed ${String(++this.#number)}`
    const answer = await ask('PATCH', `/user/${String(id)}/`, { first_name })
    expected.names = this.#note(answer, 'a change') === 'done' ? [first_name] : [...expected.names, first_name]
  }

  async #delete(ask: Ask, own: number[]): Promise<void> {
    const id = own.shift()!
    if (this.#note(await ask('DELETE', `/user/${String(id)}/`), 'a delete') === 'done') {
      this.#users.delete(id)
      this.#deleted.add(id)
    } else this.#users.get(id)!.mayBeGone = true
  }

  /** Creates, changes and deletes users until told to stop; each client its own ones, so that their order is known. */
  async write(ask: Ask, goesOn: () => boolean): Promise<void> {
    const own: number[] = []
    for (let step = 0; goesOn(); step++) {
      if (own.length < 3 || step % 4 < 2) await this.#create(ask, own)
      else if (step % 4 === 2) await this.#change(ask, own.at(-1)!)
      else await this.#delete(ask, own)
    }
  }

  /** Reads everything, and compares. Returns what is wrong; what was unsure is sure from here on. */
  async check(ask: Ask, ownerId: number): Promise<string[]> {
    const found = new Map<number, Listed>()
    let count = 0
    for (let offset = 0; offset <= count; offset += PAGE) {
      const { status, body } = await ask('GET', `/user/?limit=${String(PAGE)}&offset=${String(offset)}`)
      if (status !== 200) return [`the list answered ${String(status)}: ${body}`]
      const page = JSON.parse(body) as { count: number; results: Listed[] }
      count = page.count
      for (const user of page.results) found.set(user.id, user)
    }
    const wrong = [...this.wrong]
    if (count !== found.size) wrong.push(`the count is ${String(count)}, the users are ${String(found.size)}`)
    wrong.push(...this.#lost(found))
    found.delete(ownerId)
    for (const user of found.values()) wrong.push(...this.#unexpected(user))
    for (const [id, { mayBeGone }] of this.#users) if (mayBeGone && !found.has(id)) this.#users.delete(id)
    this.#unsure.clear()
    return wrong
  }

  #lost(found: ReadonlyMap<number, Listed>): string[] {
    const wrong: string[] = []
    for (const [id, { names, mayBeGone }] of this.#users) {
      const user = found.get(id)
      if (user === undefined && !mayBeGone) wrong.push(`user ${String(id)} is lost`)
      if (user !== undefined && !names.includes(user.first_name)) wrong.push(`a change of user ${String(id)} is lost`)
    }
    return wrong
  }

  /** What is wrong with a user that is there, which is as it should be from here on. */
  #unexpected(user: Listed): string[] {
    const { id, username } = user
    if (this.#deleted.has(id)) return [`user ${String(id)} is there, and was deleted`]
    const wrong: string[] = []
    if (!this.#users.has(id) && !this.#unsure.has(username)) wrong.push(`user ${String(id)} was never created`)
    const { email, last_name, profile } = created(username)
    const whole = user.email === email && user.last_name === last_name && user.profile.role === profile.role
    if (!whole || String(user.profile.groups) !== String(profile.groups)) wrong.push(`user ${String(id)} is half made`)
    this.#users.set(id, { names: [user.first_name], mayBeGone: false })
    return wrong
  }
}
