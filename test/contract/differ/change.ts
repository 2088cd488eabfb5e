import { inspect, isDeepStrictEqual } from 'node:util'

/** What clients of the released contract suffer from is breaking; what they need not know of is an addition. */
export type Kind = 'breaking' | 'addition'

/** One difference between two contracts. */
export interface Change {
  readonly kind: Kind
  readonly where: string
  readonly what: string
}

/** An object of a contract. */
export type Node = Readonly<Record<string, unknown>>

/** Compares two values of one place; `undefined` stands for one that is absent. What it does not find is harmless. */
export type Rule = (before: unknown, after: unknown, where: string) => readonly Change[]

/** Who sends the value: what a client may send must stay allowed, what it may receive must not grow. */
export type Direction = 'requests' | 'answers'

/** How a value is told, on one line; circular ones as well. */
export function told(value: unknown): string {
  return value === undefined ? 'nothing' : inspect(value, { depth: 1, breakLength: Infinity })
}

/** How a change from one value to another is told. */
export function became(before: unknown, after: unknown): string {
  return `${told(before)} became ${told(after)}`
}

/** A place inside another. */
export function inside(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`
}

function namesOf(...nodes: readonly Node[]): string[] {
  return [...new Set(nodes.flatMap((node) => Object.keys(node)))]
}

function own(node: Node, name: string): unknown {
  return Object.hasOwn(node, name) ? node[name] : undefined
}

/** For what programs do not read. */
export const harmless: Rule = () => []

/** Any change is breaking. So is one of a keyword that no rule knows: what it means for clients, people have to say. */
export const fixed: Rule = (before, after, where) =>
  isDeepStrictEqual(before, after) ? [] : [{ kind: 'breaking', where, what: became(before, after) }]

/** An object of the specification: a rule a keyword. */
export function keywords(rules: Readonly<Record<string, Rule>>): Rule {
  return (before = {}, after = {}, where) =>
    namesOf(before as Node, after as Node).flatMap((name) => {
      const rule = (own(rules, name) as Rule | undefined) ?? fixed
      return rule(own(before as Node, name), own(after as Node, name), inside(where, name))
    })
}

/** Something that may come, and whose going is breaking. */
export function present(rule: Rule, added: (value: Node) => Kind): Rule {
  return (before, after, where) => {
    if (before === undefined) return [{ kind: added(after as Node), where, what: 'is new' }]
    if (after === undefined) return [{ kind: 'breaking', where, what: 'is gone' }]
    return rule(before, after, where)
  }
}

/** An object whose names are the contract's own: one rule for all. */
export function members(rule: Rule, added: (value: Node) => Kind = () => 'addition'): Rule {
  return (before = {}, after = {}, where) =>
    namesOf(before as Node, after as Node).flatMap((name) =>
      present(rule, added)(own(before as Node, name), own(after as Node, name), inside(where, name)),
    )
}

/** Widening is what clients can live with in requests, narrowing in answers. */
export function swayed(direction: Direction, wider: boolean): Kind {
  return wider === (direction === 'requests') ? 'addition' : 'breaking'
}

/** A switch that is off when absent, and that allows more values in one of its positions. */
export function toggle(direction: Direction, wide: boolean): Rule {
  return (before = false, after = false, where) =>
    before === after ? [] : [{ kind: swayed(direction, after === wide), where, what: became(before, after) }]
}

/** Deprecation asks for nothing at once, but semantic versioning asks that it be told with a minor version. */
export const deprecation: Rule = (before = false, after = false, where) =>
  before === after ? [] : [{ kind: 'addition', where, what: became(before, after) }]
