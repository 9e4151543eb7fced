/** Finds paths in documents about the architecture that do not exist. */
import { posix } from 'node:path'
import type { SourceFile } from './source-file.ts'

const FILE = /^[#\w./-]*[\w-]\.(?:ts|js|mjs|css|md|sh|yml|json)$/
const FOLDER = /^(?:[\w.-]+\/)+$/

/** Returns each path in backticks, or in the tree of ARCHITECTURE.md, that is not in `paths`. */
export function pathsThatAreMissing(document: SourceFile, paths: readonly string[]): string[] {
  const names = [...drawn(document.text), ...quoted(document.text)]
  return names
    .filter(({ name }) => !exists(name, posix.dirname(document.path), paths))
    .map(({ name, line }) => `${document.path}:${line}  ${name} does not exist`)
}

interface Named {
  readonly name: string
  readonly line: number
}

/**
 * Returns paths in backticks, such as `a/b.ts`, `a/`, `#clients/a.ts`; ignores patterns (`*-store.ts`, `<room>/`,
 * `#room/file.ts`) and URLs.
 */
function quoted(text: string): Named[] {
  return text.split('\n').flatMap((content, index) =>
    [...content.matchAll(/`([^`]+)`/g)]
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('/') && !name.startsWith('#room/') && (FILE.test(name) || FOLDER.test(name)))
      .map((name) => ({ name, line: index + 1 })),
  )
}

/** Returns the names in a ```text block: what comes before two spaces; an indented line is below `src`. */
function drawn(text: string): Named[] {
  let inside = false
  return text.split('\n').flatMap((content, index) => {
    if (content.startsWith('```')) inside = content === '```text'
    if (!inside || content.startsWith('```')) return []
    const words = (content.trim().split(/\s{2,}/)[0] ?? '').split(' ')
    const end = words.findIndex((word) => !FILE.test(word) && !FOLDER.test(word))
    const below = content.startsWith(' ') ? 'src/' : ''
    return words.slice(0, end === -1 ? undefined : end).map((word) => ({ name: below + word, line: index + 1 }))
  })
}

/** A name can be relative to the root, to `src` or to the document's folder; one without a folder can be anywhere. */
function exists(name: string, folder: string, paths: readonly string[]): boolean {
  const wanted = name.replace(/^#/, 'src/')
  const candidates = [wanted, `src/${wanted}`, posix.join(folder, wanted)]
  if (wanted.endsWith('/')) {
    return paths.some(
      (path) => candidates.some((candidate) => path.startsWith(candidate)) || path.includes(`/${wanted}`),
    )
  }
  return paths.some((path) => candidates.includes(path) || path.endsWith(`/${wanted}`))
}
