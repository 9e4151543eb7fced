/** Packs the project as `npm pack` does and installs it in an empty folder, as another project would. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDir } from '../server.ts'

const ROOT = join(import.meta.dirname, '../../..')
const NODE_DIR = join(ROOT, 'node_modules/node/bin')
const SOURCES = ['bin', 'src', 'migrations', 'scripts', 'package.json', 'tsconfig.json', '.npmrc', '.gitignore']

interface Lock {
  packages: Record<string, { link?: boolean; optional?: boolean }>
}

export interface Packed {
  readonly tarball: string
  /** The copy of the checkout that is packed. */
  readonly checkout: string
  /** The paths in the package. */
  readonly files: readonly string[]
}

/** Packs a copy, because packing changes the manifest briefly and other tests read it. */
export async function pack(): Promise<Packed> {
  const checkout = temporaryDir('checkout')
  for (const name of [...SOURCES, 'README.md', 'LICENSE'].filter((name) => existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--json'], checkout)
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  return { tarball: join(checkout, packed.filename), checkout, files: packed.files.map(({ path }) => path) }
}

/** Installs the package, the frameworks and the types for TypeScript in an empty folder. */
export async function install({ tarball }: Packed): Promise<string> {
  const folder = temporaryDir('consumer')
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const pins = { ...manifest.devDependencies, ...manifest.dependencies }
  const also = ['koa', 'express', 'fastify', '@types/koa', '@types/express', '@types/node'].map((name) => [
    name,
    pins[name],
  ])
  const dependencies = { signet: `file:${tarball}`, ...Object.fromEntries(also) }
  const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content))
  write('package.json', { private: true, type: 'module', dependencies })
  write('package-lock.json', lockOf(dependencies))
  const flags = ['--omit=optional', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', ['install', ...flags], folder)
  return folder
}

/** Returns the versions in our lock file, which are all in npm's cache after `npm ci`. */
function lockOf(dependencies: Record<string, string>): object {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  const kept = Object.entries(lock.packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && !entry.link && !entry.optional,
  )
  return { lockfileVersion: 3, requires: true, packages: { '': { dependencies }, ...Object.fromEntries(kept) } }
}

/** Runs a program with the project's Node first in the path. Rejects with its output unless it succeeds. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  const env = { ...process.env, PATH: `${NODE_DIR}:${process.env['PATH'] ?? ''}` }
  try {
    return await promisify(execFile)(command, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}
