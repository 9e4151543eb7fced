/** The architecture rules, as functions from files to findings; ARCHITECTURE.md describes them. */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { KEEPERS, LONG_REGISTRIES, ROWS } from './rows.ts'
import { type Import, importsOf, linesMatching, type SourceFile } from './source-file.ts'

/** One violation, as `file:line  rule`. */
export type Finding = string

const finding = (file: SourceFile, line: number, rule: string): Finding => `${file.path}:${line}  ${rule}`

/** `src/clients/client.ts` → `clients`, `src/app.ts` → `app`; undefined outside `src`. */
export function roomOf(path: string): string | undefined {
  return path.match(/^src\/([^/]+?)(?:\.[a-z]+)?(?:\/|$)/)?.[1]
}

const rowOf = (room: string): number => ROWS.findIndex((row) => row.includes(room))

/** Returns the path of our own import from the project's root, or undefined for a package. */
function ownTarget(file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file.path), specifier)
  return undefined
}

function eachImport(files: readonly SourceFile[], check: (file: SourceFile, seen: Import) => string | undefined) {
  return files.flatMap((file) =>
    importsOf(file).flatMap((seen) => {
      const rule = check(file, seen)
      return rule === undefined ? [] : [finding(file, seen.line, rule)]
    }),
  )
}

function eachLine(files: readonly SourceFile[], pattern: RegExp, rule: string): Finding[] {
  return files.flatMap((file) => linesMatching(file, pattern).map((line) => finding(file, line, rule)))
}

/** Every folder and file directly below `src` is in the row table. */
export function everyRoomHasARow(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path)
    return room === undefined || rowOf(room) >= 0 ? [] : [finding(file, 1, `the room ${room} has no row`)]
  })
}

/** A room imports itself or a room of an earlier row. */
export function onlyEarlierRows(files: readonly SourceFile[]): Finding[] {
  return eachImport(files, (file, { specifier }) => {
    const from = roomOf(file.path)
    const target = ownTarget(file, specifier)
    if (from === undefined || target === undefined) return undefined
    const to = roomOf(target)
    if (to === from) return undefined
    if (to === undefined) {
      return from === 'database' && target === 'migrations/registry.ts'
        ? undefined
        : `${specifier}: src imports nothing outside src (database the migration registry)`
    }
    if (from === 'resource-server') return `${specifier}: resource-server imports nothing of ours`
    if (rowOf(to) < 0 || rowOf(to) >= rowOf(from)) {
      return `${specifier}: ${from} (row ${rowOf(from)}) may not import ${to} (row ${rowOf(to)}); only earlier rows`
    }
    return undefined
  })
}

/** `./x.ts` inside a room, `#room/x.ts` across, always with the extension. */
export function importsSpellTheirPath(files: readonly SourceFile[]): Finding[] {
  return eachImport(files, (file, { specifier }) => {
    const target = ownTarget(file, specifier)
    if (target === undefined) return undefined
    if (!/\.(ts|js|json)$/.test(specifier)) return `${specifier}: imports end with their extension (.ts)`
    const room = roomOf(file.path)
    if (room === undefined || target === 'migrations/registry.ts') return undefined
    return specifier.startsWith('.') && roomOf(target) !== room && file.path.split('/').length > 2
      ? `${specifier}: across rooms imports read #room/file.ts`
      : undefined
  })
}

const belongsTo = (specifier: string, name: string): boolean =>
  name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`)

/** The column "alone may import": some packages are imported only by the rooms that own them. */
export function packagesStayWithTheirKeeper(files: readonly SourceFile[]): Finding[] {
  return eachImport(files, (file, { specifier, typeOnly }) => {
    const room = roomOf(file.path)
    const keeper = KEEPERS.find(({ packages }) => packages.some((name) => belongsTo(specifier, name)))
    if (room === undefined || keeper === undefined || keeper.rooms.includes(room)) return undefined
    if (typeOnly && keeper.types?.includes(room)) return undefined
    const types = keeper.types === undefined ? '' : `, its types also in ${keeper.types.join(', ')}`
    return `${specifier}: only in ${keeper.rooms.join(', ')}${types}`
  })
}

/** `src` imports only production dependencies. */
export function srcImportsProductionDependencies(
  files: readonly SourceFile[],
  dependencies: readonly string[],
): Finding[] {
  return eachImport(files, (file, { specifier, typeOnly }) => {
    if (typeOnly || ownTarget(file, specifier) !== undefined) return undefined
    if (specifier.startsWith('node:')) return undefined
    if (builtinModules.includes(specifier)) return `${specifier}: a module of Node is imported as node:${specifier}`
    return dependencies.some((name) => belongsTo(specifier, name))
      ? undefined
      : `${specifier}: src imports only what stands in "dependencies" of package.json`
  })
}

/**
 * No file imports itself through others, including type imports; the finding names the import that closes the cycle.
 */
export function noCircles(files: readonly SourceFile[]): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const seen = new Map<string, 'open' | 'done'>()
  const found: Finding[] = []
  const visit = (file: SourceFile): void => {
    seen.set(file.path, 'open')
    for (const { specifier, line } of importsOf(file)) {
      const target = byPath.get(ownTarget(file, specifier) ?? '')
      if (!target) continue
      if (seen.get(target.path) === 'open') found.push(finding(file, line, `${specifier}: leads back to this file`))
      else if (!seen.has(target.path)) visit(target)
    }
    seen.set(file.path, 'done')
  }
  for (const file of files) if (!seen.has(file.path)) visit(file)
  return found
}

/** Only one file imports from inside the engine. */
export function oneSeamIntoTheEngine(files: readonly SourceFile[]): Finding[] {
  return eachImport(files, (file, { specifier }) =>
    specifier.startsWith('oidc-provider/') && file.path !== 'src/oidc/engine/internals.ts'
      ? `${specifier}: only src/oidc/engine/internals.ts imports from inside oidc-provider`
      : undefined,
  )
}

/** A migration imports no code, because it must not change when the code does. */
export function migrationsImportKnexTypes(files: readonly SourceFile[]): Finding[] {
  const migrations = files.filter(({ path }) => path.startsWith('migrations/') && path !== 'migrations/registry.ts')
  return eachImport(migrations, (_file, { specifier, typeOnly }) =>
    specifier === 'knex' && typeOnly ? undefined : `${specifier}: a migration imports only the types of knex`,
  )
}

/** `YYYYMMDDHHMMSS-<room>-<verb>-<object>.ts`, with `up` and `down`. */
export function migrationsSayTheirRoom(files: readonly SourceFile[]): Finding[] {
  const rooms = ROWS.flat().join('|')
  const name = new RegExp(`^migrations/\\d{14}-(?:${rooms})-[a-z]+-[a-z0-9-]+\\.ts$`)
  return files
    .filter(({ path }) => path.startsWith('migrations/') && path !== 'migrations/registry.ts')
    .flatMap((file) => [
      ...(name.test(file.path) ? [] : [finding(file, 1, 'named YYYYMMDDHHMMSS-<room>-<verb>-<object>.ts')]),
      ...['up', 'down']
        .filter((way) => !new RegExp(`export async function ${way}\\(`).test(file.text))
        .map((way) => finding(file, 1, `a migration exports ${way}()`)),
    ])
}

/** Only one file reads the environment. */
export function environmentIsReadOnce(files: readonly SourceFile[]): Finding[] {
  const others = files.filter(({ path }) => roomOf(path) !== undefined && path !== 'src/config/env.ts')
  return eachLine(others, /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env/, 'process.env only in src/config/env.ts')
}

const SQL =
  /\bSELECT\s[\s\S]{1,400}?\bFROM\s|\bSELECT\s+(?:1|pg_\w+\()|\bINSERT\s+INTO\s|\bUPDATE\s+\w+\s+SET\s|\bDELETE\s+FROM\s|\b(?:CREATE|ALTER|DROP|TRUNCATE)\s+(?:TABLE|INDEX|TYPE|ROLE|DATABASE|SCHEMA|UNIQUE)\b|\bNOTIFY\s+\w|\.query\s*[(<]/g

/** SQL is only in stores, the database room, the engine's adapter and migrations. */
export function sqlStaysInStores(files: readonly SourceFile[]): Finding[] {
  const others = files.filter(
    ({ path }) =>
      roomOf(path) !== undefined &&
      !path.endsWith('-store.ts') &&
      !path.startsWith('src/database/') &&
      !path.startsWith('src/oidc/adapter/'),
  )
  return eachLine(others, SQL, 'SQL only in *-store.ts, src/database, src/oidc/adapter and migrations')
}

const WRITE = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+(?:ONLY\s+)?([a-z_]+)\b/g

/** Only the room that owns a table writes to it. `owners` maps tables to rooms. */
export function tablesAreWrittenByTheirRoom(
  files: readonly SourceFile[],
  owners: Readonly<Record<string, string>>,
): Finding[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path)
    const tables = Object.entries(owners).filter(([, owner]) => owner !== room)
    if (room === undefined) return []
    return tables.flatMap(([table, owner]) =>
      linesMatching(file, new RegExp(WRITE.source.replace('[a-z_]+', table), 'g')).map((line) =>
        finding(file, line, `${table} is written by ${owner} alone`),
      ),
    )
  })
}

/** No vague file names, and no barrels, which tie rooms together. */
export function noForbiddenNames(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const parts = file.path.replace(/\.[a-z.]+$/, '').split('/')
    const bad = parts.find((part) =>
      /^(utils?|helpers?|common|misc|base.*|.*-?manager|.*-(utils?|helpers?))$/.test(part),
    )
    const barrel = parts.at(-1) === 'index' && file.path !== 'src/resource-server/index.ts'
    const upper = /[A-Z_]/.test(parts.join('')) && !file.path.startsWith('test/')
    return [
      ...(bad === undefined ? [] : [finding(file, 1, `the name ${bad} says nothing: name it after what it does`)]),
      ...(barrel ? [finding(file, 1, 'no index barrels: import the file itself')] : []),
      ...(upper ? [finding(file, 1, 'files are named in kebab-case')] : []),
    ]
  })
}

/** Named exports only, so that everything has the same name everywhere. */
export function noDefaultExports(files: readonly SourceFile[]): Finding[] {
  const ours = files.filter(({ path }) => roomOf(path) !== undefined)
  return eachLine(ours, /^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m, 'named exports only')
}

/** Errors of rooms are spelled one way: `override readonly code` and `status`; the name is that of the class. */
export function errorsHaveOneForm(files: readonly SourceFile[]): Finding[] {
  const withErrors = files.filter(({ text }) => /\bextends AppError\b/.test(text))
  const other = /^ {2}(?:readonly (?:code|status)\b|override readonly name\b)/m
  return eachLine(withErrors, other, 'an error has `override readonly code` and `status`, and no name of its own')
}

const NOT_ERASABLE =
  /^\s*(?:export\s+)?(?:const\s+)?enum\s+\w|^\s*(?:export\s+)?(?:declare\s+)?namespace\s+\w|^\s*@\w+(?:\(.*\))?\s*$/m

/** Sources run by type stripping, so syntax that needs a compiler is not used. */
export function onlyErasableSyntax(files: readonly SourceFile[]): Finding[] {
  return eachLine(files, NOT_ERASABLE, 'no enum, namespace or decorator')
}

export function atMost300Lines(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const lines = file.text.trimEnd().split('\n').length
    return lines <= 300 || LONG_REGISTRIES.includes(file.path)
      ? []
      : [finding(file, 300, `${lines} lines: a file has at most 300, unless it is a registry of data`)]
  })
}

/** A file starts with a sentence that says what it is for. */
export function filesOpenWithASentence(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => roomOf(path) !== undefined)
    .filter(({ text }) => !/^(?:#![^\n]*\n)?\s*(?:\/\*\*|\/\/)/.test(text))
    .map((file) => finding(file, 1, 'a file opens with a sentence (/** … */) saying what it is for'))
}

/** Each room says in at most twelve lines what it owns. `readmes` contains every README.md below src. */
export function roomsTellTheirStory(files: readonly SourceFile[], readmes: readonly SourceFile[]): Finding[] {
  const rooms = new Set(files.filter(({ path }) => path.split('/').length > 2).map(({ path }) => roomOf(path)))
  rooms.delete(undefined)
  return [...rooms].flatMap((room) => {
    const path = `src/${room}/README.md`
    const readme = readmes.find((candidate) => candidate.path === path)
    if (readme === undefined) return [`${path}:1  each room has a README.md`]
    const lines = readme.text.trimEnd().split('\n').length
    return lines <= 12 ? [] : [finding(readme, 13, `${lines} lines: a room's README has at most 12`)]
  })
}
