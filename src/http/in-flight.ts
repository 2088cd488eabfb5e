/** A member of `InFlight`. */
export interface Placed {
  /** Where it is; negative where it is not. Only `InFlight` sets it. */
  place: number
}

/**
 * The requests that are not answered yet. A `Set` would do, but that it grows anew for every few members that come and go,
 * and links each old table to the new one: an old one that the garbage collector has moved to its old generation keeps alive all
 * requests since.
 */
export class InFlight<T extends Placed> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    member.place = this.#members.push(member) - 1
  }

  /** Nothing where it is not a member. */
  delete(member: T): void {
    const { place } = member
    if (place < 0) return
    member.place = -1
    const last = this.#members.pop() as T
    if (last === member) return
    this.#members[place] = last
    last.place = place
  }

  /** Shows each to `isOver`, and forgets those that are. */
  sweep(isOver: (member: T) => boolean): void {
    // From the end, since the last one takes the place of one that goes.
    for (let at = this.#members.length - 1; at >= 0; at--) {
      const member = this.#members[at] as T
      if (isOver(member)) this.delete(member)
    }
  }
}
