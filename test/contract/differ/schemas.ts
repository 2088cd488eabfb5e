import {
  became,
  type Change,
  type Direction,
  deprecation,
  fixed,
  harmless,
  inside,
  keywords,
  members,
  type Node,
  type Rule,
  swayed,
  toggle,
  told,
} from './change.js'

const ANNOTATIONS: Readonly<Record<string, Rule>> = {
  title: harmless,
  description: harmless,
  example: harmless,
  externalDocs: harmless,
}

/**
 * In answers a bound is fixed: a client's columns and validators are made for the released one, and where it narrows,
 * what clients have stored and stubbed is no answer any more.
 */
function bound(direction: Direction, side: 'lower' | 'upper', none: number): Rule {
  return (before = none, after = none, where) => {
    if (before === after) return []
    const wider = side === 'upper' ? Number(after) > Number(before) : Number(after) < Number(before)
    const kind = direction === 'requests' && wider ? 'addition' : 'breaking'
    return [{ kind, where, what: became(before, after) }]
  }
}

/** A value that goes takes a constant out of SDKs. One may come to answers where the released contract says so. */
function enumeration(direction: Direction, announced: boolean): Rule {
  return (before, after, where) => {
    if (before === undefined || after === undefined) {
      return [{ kind: swayed(direction, after === undefined), where, what: became(before, after) }]
    }
    const [released, current] = [before as readonly unknown[], after as readonly unknown[]]
    const gone = released.filter((value) => !current.includes(value))
    const fresh = current.filter((value) => !released.includes(value))
    const kind = direction === 'requests' || announced ? 'addition' : 'breaking'
    return [
      ...gone.map((value): Change => ({ kind: 'breaking', where, what: `${told(value)} is gone` })),
      ...fresh.map((value): Change => ({ kind, where, what: `${told(value)} is new` })),
    ]
  }
}

function required(direction: Direction): Rule {
  return (before = [], after = [], where) => {
    const [released, current] = [before as readonly string[], after as readonly string[]]
    return [...new Set([...released, ...current])].flatMap((name) =>
      toggle(direction, false)(released.includes(name), current.includes(name), inside(where, name)),
    )
  }
}

function pattern(direction: Direction): Rule {
  return (before, after, where) =>
    fixed(before, after, where).map((change) =>
      after === undefined ? { ...change, kind: swayed(direction, true) } : change,
    )
}

function openness(value: unknown): number {
  if (typeof value === 'boolean') return value ? 2 : 0
  return Object.keys(value as Node).length === 0 ? 2 : 1
}

function additional(direction: Direction, schema: Rule): Rule {
  return (before = true, after = true, where) => {
    const [released, current] = [openness(before), openness(after)]
    if (released === 1 && current === 1) return schema(before, after, where)
    if (released === current) return []
    return [{ kind: swayed(direction, current > released), where, what: became(before, after) }]
  }
}

/** The branches have no names: they are compared in their order. */
function branches(schema: Rule): Rule {
  return (before, after, where) =>
    Array.isArray(before) && Array.isArray(after) && before.length === after.length
      ? before.flatMap((branch, at) => schema(branch, after[at], inside(where, String(at))))
      : fixed(before, after, where)
}

/** `allOf` of one schema is how OpenAPI 3.0 says something beside a reference. */
function flat(schema: Node): Node {
  const { allOf, ...rest } = schema
  if (!Array.isArray(allOf) || allOf.length !== 1) return schema
  const only = flat(allOf[0] as Node)
  const stated = Object.keys(rest).filter((name) => !Object.hasOwn(ANNOTATIONS, name))
  return stated.some((name) => Object.hasOwn(only, name)) ? schema : { ...only, ...rest }
}

/**
 * The rule of schemas.
 *
 * @param once compares two components once, and so ends at schemas that contain themselves
 */
export function schemas(direction: Direction, once: (rule: Rule) => Rule): Rule {
  const lower = (none: number) => bound(direction, 'lower', none)
  const upper = bound(direction, 'upper', Infinity)
  const schema: Rule = once((before, after, where) => {
    const [released, current] = [flat(before as Node), flat(after as Node)]
    const announced = /values can be added/i.test(String(released.description))
    return keywords({ ...rules, enum: enumeration(direction, announced) })(released, current, where)
  })
  const rules: Readonly<Record<string, Rule>> = {
    ...ANNOTATIONS,
    deprecated: deprecation,
    nullable: toggle(direction, true),
    uniqueItems: toggle(direction, false),
    minimum: lower(-Infinity),
    minLength: lower(0),
    minItems: lower(0),
    maximum: upper,
    maxLength: upper,
    maxItems: upper,
    'x-max-distinct-items': upper,
    'x-nfkc-length': keywords({ minimum: lower(0), maximum: upper }),
    pattern: pattern(direction),
    required: required(direction),
    properties: members(schema),
    additionalProperties: additional(direction, schema),
    items: (before, after, where) =>
      before === undefined || after === undefined ? fixed(before, after, where) : schema(before, after, where),
    allOf: branches(schema),
    anyOf: branches(schema),
    oneOf: branches(schema),
  }
  return (before, after, where) =>
    schema(before, after, where).map((change) => ({ ...change, what: `${change.what}, in ${direction}` }))
}
