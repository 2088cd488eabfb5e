import type { Change, Kind } from './change.js'

type Version = readonly [major: number, minor: number, patch: number]

function parsed(version: string): Version {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? []
  if (patch === undefined) throw new Error(`the version "${version}" is not three numbers`)
  return [Number(major), Number(minor), Number(patch)]
}

function isBelow(one: Version, other: Version): boolean {
  const at = one.findIndex((number, place) => number !== other[place])
  return at >= 0 && Number(one[at]) < Number(other[at])
}

/** The lowest version that may follow a released one with such a change. Version 0 promises as much as any other. */
function requiredVersion(released: string, kind?: Kind): string {
  const [major, minor] = parsed(released)
  if (kind === 'breaking') return `${String(major + 1)}.0.0`
  return kind === 'addition' ? `${String(major)}.${String(minor + 1)}.0` : released
}

/** What is wrong with the version after these changes: one line a change that asks for a higher one. */
export function versionFaults(released: string, current: string, changes: readonly Change[]): string[] {
  const version = parsed(current)
  const fell = isBelow(version, parsed(released)) ? [`info.version fell from ${released} to ${current}`] : []
  const short = changes.flatMap(({ kind, where, what }) => {
    const required = requiredVersion(released, kind)
    if (!isBelow(version, parsed(required))) return []
    const rise = `raise info.version and package.json's from ${current} to ${required}`
    return [`${kind}: ${where}: ${what}. Undo it, or ${rise}`]
  })
  return [...fell, ...short]
}
