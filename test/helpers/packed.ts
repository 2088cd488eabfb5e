import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const filesOf = (folder: string, end: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(end))

/** The text of a page without its code, in which nothing is a link. */
const proseOf = (file: string): string => readFileSync(file, 'utf8').replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')

/** The anchors of a page, as they are made of its headings where the page is shown. */
function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return Array.from(headings, ([, heading = '']) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

/** The links of the pages of a folder that lead to nothing inside it, as `page: link`. Links to other hosts are not looked at. */
export function deadLinks(folder: string): string[] {
  return filesOf(folder, '.md').flatMap((page) => {
    const links = Array.from(proseOf(path.join(folder, page)).matchAll(/\]\(([^)\s]+)[^)]*\)|(?:href|src)="([^"]+)"/g), ([, a, b]) => (a ?? b)!)
    return links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [to = '', anchor] = link.split('#')
        const target = to === '' ? path.join(folder, page) : path.join(folder, path.dirname(page), to)
        const isInside = !path.relative(folder, target).startsWith('..')
        return !(isInside && existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor)))
      })
      .map((link) => `${page}: ${link}`)
  })
}

interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent?: readonly (string | null)[]
}

/** The source maps that code of a folder names and that are not there, and the sources that maps neither hold nor lead to. */
export function lostSources(folder: string): string[] {
  const maps = filesOf(folder, '.map').flatMap((file) => {
    const { sources, sourcesContent = [] } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as SourceMap
    const isLost = (source: string, at: number) => typeof sourcesContent[at] !== 'string' && !existsSync(path.join(folder, path.dirname(file), source))
    return sources.filter(isLost).map((source) => `${file}: ${source}`)
  })
  const code = filesOf(folder, '.js').flatMap((file) => {
    const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(path.join(folder, file), 'utf8')) ?? []
    return map === undefined || existsSync(path.join(folder, path.dirname(file), map)) ? [] : [`${file}: ${map}`]
  })
  return [...maps, ...code]
}
