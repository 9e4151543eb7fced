/**
 * What `npm pack` runs: turns the sources into JavaScript under `dist/`, with declarations for what the package
 * exports, and points the manifest there; `--restore` (postpack) gives the checkout its own manifest back. A packed
 * package needs this because Node strips no types below `node_modules`.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

interface Manifest {
  name: string
  version: string
  bin: Record<string, string>
  exports: Record<string, string>
  imports: Record<string, string>
  [member: string]: unknown
}

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const MANIFEST = join(ROOT, 'package.json')
/** npm never packs a `.orig` file. */
const KEPT_MANIFEST = join(ROOT, 'package.json.orig')
/** A relative specifier with the extension of the source, in an import, an `import()` or a `new URL()`. */
const SOURCE_SPECIFIER = /(['"])(\.{1,2}\/[^'"\s]+)\.ts\1/g

if (process.argv.includes('--restore')) restoreManifest()
else {
  restoreManifest()
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest
  rmSync(DIST, { recursive: true, force: true })
  for (const folder of ['bin', 'src', 'migrations']) build(folder)
  declare()
  writeJson(join(DIST, 'package.json'), innerManifest(manifest))
  copyFileSync(MANIFEST, KEPT_MANIFEST)
  writeJson(MANIFEST, packedManifest(manifest))
}

function restoreManifest(): void {
  if (existsSync(KEPT_MANIFEST)) renameSync(KEPT_MANIFEST, MANIFEST)
}

/** Types become spaces, so every line of a stack trace is a line of the source; other files are copied as they are. */
function build(folder: string): void {
  cpSync(join(ROOT, folder), join(DIST, folder), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts') && !path.endsWith('.md'),
  })
  for (const file of globSync(`${folder}/**/*.{ts,js}`, { cwd: ROOT })) {
    const source = readFileSync(join(ROOT, file), 'utf8')
    const code = file.endsWith('.ts') ? stripTypeScriptTypes(source) : source
    write(join(DIST, file.replace(/\.ts$/, '.js')), code)
  }
}

function declare(): void {
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(import.meta.dirname, 'tsconfig.pack.json')], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (const file of globSync('**/*.d.ts', { cwd: DIST }))
    write(join(DIST, file), readFileSync(join(DIST, file), 'utf8'))
}

function write(path: string, code: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, code.replaceAll(SOURCE_SPECIFIER, '$1$2.js$1'))
}

/** `dist` is laid out like the checkout, with a manifest of its own that resolves `#room/file.ts`. */
function innerManifest({ name, version }: Manifest): object {
  return { name, version, private: true, type: 'module', imports: { '#*.ts': './src/*.js' } }
}

function packedManifest(manifest: Manifest): object {
  const { scripts: _, devDependencies: __, allowScripts: ___, imports: ____, ...kept } = manifest
  const built = (path: string) => path.replace(/^(\.\/)?/, './dist/').replace(/\.ts$/, '.js')
  const exported = ([entry, path]: [string, string]) => [
    entry,
    { types: built(path).replace(/\.js$/, '.d.ts'), default: built(path) },
  ]
  return {
    ...kept,
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([command, path]) => [command, built(path).slice(2)])),
    exports: Object.fromEntries(Object.entries(manifest.exports).map(exported)),
    files: ['dist'],
    // The launcher of a checkout finds the Node that came with it; a package has only the one that it is run by.
    engines: { node: '>=24.7' },
  }
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)
}
