/** Reads the project's files and finds what the architecture rules need: imports, and code without comments. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** A file by its path from the project's root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly specifier: string
  /** From 1. */
  readonly line: number
  /** True for `import type …`, or when every imported name is marked `type`. */
  readonly typeOnly: boolean
}

/** Returns all files below `folders` with one of `extensions`, sorted by path. */
export function readSourceFiles(
  root: string,
  folders: readonly string[],
  extensions: readonly string[] = ['.ts', '.js'],
): SourceFile[] {
  const paths = folders.flatMap((folder) => walk(join(root, folder)))
  return paths
    .filter((path) => extensions.some((extension) => path.endsWith(extension)))
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'artifacts') return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

const IMPORT =
  /(?:^|[;\n])\s*(?<keyword>import|export)\s+(?<clause>type\s+)?(?<names>[^'"`;()=]*?\bfrom\s*)?['"](?<static>[^'"\n]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"\n]+)['"]/g

/** Returns the static and dynamic imports and re-exports of a file. */
export function importsOf(file: SourceFile): Import[] {
  const code = withoutComments(file.text)
  return [...code.matchAll(IMPORT)].map((match) => {
    const groups = match.groups ?? {}
    const specifier = groups['static'] ?? groups['dynamic'] ?? ''
    const at = match.index + match[0].lastIndexOf(specifier)
    return { specifier, line: lineAt(code, at), typeOnly: groups['clause'] !== undefined || onlyTypes(groups['names']) }
  })
}

function onlyTypes(names: string | undefined): boolean {
  const braces = names?.match(/^\s*\{(?<inner>[^}]*)\}\s*from\s*$/)?.groups?.['inner']
  if (braces === undefined) return false
  const parts = braces.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').every((part) => part.startsWith('type '))
}

/** Returns the lines, from 1, where `pattern` matches the code of a file without its comments. */
export function linesMatching(file: SourceFile, pattern: RegExp): number[] {
  const code = withoutComments(file.text)
  return [...code.matchAll(new RegExp(pattern, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`))].map(
    (match) => lineAt(code, match.index + match[0].search(/\S/)),
  )
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

const TOKEN =
  /(?<comment>\/\*[\s\S]*?\*\/|\/\/[^\n]*)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{(?:[^{}`]|`(?:\\.|[^`\\])*`|\{[^{}]*\})*\}|[^`\\])*`|(?<=[(,=:[!&|?{};>]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g

/** Replaces each comment by blanks, so that lines and columns stay; keeps strings, templates and patterns. */
function withoutComments(text: string): string {
  return text.replace(TOKEN, (token, comment: string | undefined) =>
    comment === undefined ? token : token.replace(/[^\n]/g, ' '),
  )
}
