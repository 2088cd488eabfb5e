import {
  type Change,
  deprecation,
  fixed,
  harmless,
  keywords,
  members,
  type Node,
  present,
  type Rule,
  swayed,
  toggle,
  told,
} from './change.js'
import { METHODS, spelledOut } from './normal.js'
import { schemas } from './schemas.js'

/** From the fewest callers to the most; each is part of the next. */
const CALLERS = ['managers-not-self', 'managers', 'managers-or-self', 'anyone']

/** Compares two components of one name once and under that name, not wherever they are used. */
function onceEach(...documents: readonly Node[]): (rule: Rule) => Rule {
  const names = new Map<unknown, string>()
  for (const { components = {} } of documents) {
    for (const [place, named] of Object.entries(components as Node)) {
      for (const [name, component] of Object.entries(named as Node)) names.set(component, `components.${place}.${name}`)
    }
  }
  return (rule) => {
    const seen = new Map<unknown, Set<unknown>>()
    return (before, after, where) => {
      const partners = seen.get(before) ?? new Set()
      if (partners.has(after)) return []
      seen.set(before, partners.add(after))
      const name = names.get(before)
      return rule(before, after, name === undefined || name !== names.get(after) ? where : name)
    }
  }
}

/** Tools are made for 3.0 or for 3.1; patches of the specification change no meaning. */
const dialect: Rule = (before, after, where) => fixed(String(before).slice(0, 3), String(after).slice(0, 3), where)

const servers: Rule = (before, after, where) => {
  const bare = (list: unknown) => (list as Node[]).map(({ description, ...server }) => server)
  return fixed(bare(before), bare(after), where)
}

const callers: Rule = (before, after, where) => {
  const [released, current] = [CALLERS.indexOf(String(before)), CALLERS.indexOf(String(after))]
  if (released < 0 || current < 0) return fixed(before, after, where)
  return fixed(before, after, where).map((change) => ({ ...change, kind: swayed('requests', current > released) }))
}

type Requirement = Readonly<Record<string, readonly string[]>>

/** Each way in that was open must still be enough; no way at all means that nothing is asked. */
const security: Rule = (before, after, where) => {
  const ways = (list: unknown) => ((list as Requirement[]).length === 0 ? [{}] : (list as Requirement[]))
  const enough = (given: Requirement, asked: Requirement) =>
    Object.entries(asked).every(([name, scopes]) => {
      const held = given[name]
      return held !== undefined && scopes.every((scope) => held.includes(scope))
    })
  const [released, current] = [ways(before), ways(after)]
  const shut = released.filter((given) => !current.some((asked) => enough(given, asked)))
  const opened = current.filter((asked) => !released.some((given) => enough(asked, given)))
  return [
    ...shut.map((way): Change => ({ kind: 'breaking', where, what: `${told(way)} is not enough any more` })),
    ...opened.map((way): Change => ({ kind: 'addition', where, what: `${told(way)} is enough now` })),
  ]
}

/** A schema may come, but its name must stay: SDKs export it. What it holds is compared where it is used. */
const schemaNames: Rule = (before, after, where) =>
  members(harmless)(before, after, where).filter(({ kind }) => kind === 'breaking')

const unlessRequired = ({ required }: Node) => (required === true ? 'breaking' : 'addition')

/** What has components whose names are in no SDK. They are compared wherever they are used. */
const NAMELESS = ['parameters', 'headers', 'requestBodies', 'responses', 'examples']

/** The rules of a document; components are the objects that `once` knows. */
function documents(once: (rule: Rule) => Rule): Rule {
  const texts = { summary: harmless, description: harmless, externalDocs: harmless, tags: harmless }
  const examples = { description: harmless, example: harmless, examples: harmless }
  const [sent, answered] = [schemas('requests', once), schemas('answers', once)]
  const content = (schema: Rule) => members(keywords({ ...examples, schema: present(schema, () => 'breaking') }))
  const styled = (node: unknown) => {
    const { in: place } = node as Node
    const { style = place === 'query' || place === 'cookie' ? 'form' : 'simple' } = node as Node
    return { style, explode: style === 'form', ...(node as Node) }
  }
  const parameter: Rule = (before, after, where) =>
    keywords({
      ...examples,
      // Two parameters are the same if name and place are, so here only the case of a header's name can differ.
      name: harmless,
      required: toggle('requests', false),
      deprecated: deprecation,
      schema: present(sent, () => 'breaking'),
    })(styled(before), styled(after), where)
  const header = keywords({
    ...examples,
    required: toggle('answers', false),
    deprecated: deprecation,
    schema: present(answered, () => 'breaking'),
  })
  const lowered = (node: unknown = {}) =>
    Object.fromEntries(Object.entries(node as Node).map(([name, value]) => [name.toLowerCase(), value]))
  const headers = members(once(header))
  const response = keywords({
    description: harmless,
    headers: (before, after, where) => headers(lowered(before), lowered(after), where),
    content: content(answered),
  })
  const body = keywords({ description: harmless, required: toggle('requests', false), content: content(sent) })
  const operation = keywords({
    ...texts,
    deprecated: deprecation,
    'x-who-may-call': callers,
    security,
    parameters: members(once(parameter), unlessRequired),
    requestBody: present(once(body), unlessRequired),
    responses: members(once(response)),
  })
  const methods = Object.fromEntries(METHODS.map((method) => [method, present(operation, () => 'addition')]))
  return keywords({
    ...texts,
    openapi: dialect,
    info: keywords({
      title: harmless,
      version: harmless,
      description: harmless,
      termsOfService: harmless,
      contact: harmless,
      license: harmless,
    }),
    servers,
    paths: members(keywords({ ...texts, ...methods })),
    components: keywords({
      schemas: schemaNames,
      securitySchemes: members(keywords({ description: harmless })),
      ...Object.fromEntries(NAMELESS.map((place) => [place, harmless])),
    }),
  })
}

/** What differs between two contracts, apart from what programs do not read. */
export function compare(released: Node, current: Node): readonly Change[] {
  const [before, after] = [spelledOut(released), spelledOut(current)]
  return documents(onceEach(before, after))(before, after, '')
}
