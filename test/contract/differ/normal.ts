import type { Node } from './change.js'

/** What a path may have operations of. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

function mapped(node: Node, map: (value: Node, name: string) => unknown): Node {
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, map(value as Node, name)]))
}

function target(document: Node, reference: string): unknown {
  const names = reference.split('/').slice(1)
  const found = names.reduce<unknown>(
    (node, name) => (node as Node | undefined)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  )
  if (found === undefined) throw new Error(`${reference} names nothing`)
  return found
}

/** The document with its references replaced by what they name: one object, however many references. */
function dereferenced(document: Node): Node {
  const made = new Map<object, object>()
  const visit = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node
    if ('$ref' in node && typeof node.$ref === 'string') return visit(target(document, node.$ref))
    const known = made.get(node)
    if (known !== undefined) return known
    const copy: object = Array.isArray(node) ? [] : {}
    made.set(node, copy)
    return Object.assign(copy, mapped(node as Node, visit))
  }
  return visit(document) as Node
}

/** Names of headers have no case. */
function placeOf(parameter: Node): string {
  const name = String(parameter.name)
  return `${String(parameter.in)} ${parameter.in === 'header' ? name.toLowerCase() : name}`
}

function byPlace(parameters: readonly Node[]): Node {
  return Object.fromEntries(parameters.map((parameter) => [placeOf(parameter), parameter]))
}

/** The document without references, and with what it says for all its operations said by each. */
export function spelledOut(document: Node): Node {
  const { servers = [{ url: '/' }], security = [], ...rest } = dereferenced(document)
  const paths = mapped(rest.paths as Node, ({ parameters = [], ...item }) =>
    mapped(item, (operation, name) => {
      if (!METHODS.includes(name)) return operation
      const { parameters: more = [], ...own } = operation
      return { security, ...own, parameters: byPlace([...(parameters as Node[]), ...(more as Node[])]) }
    }),
  )
  return { ...rest, servers, paths }
}
