/** Reads and writes the files of the keys directory, which only their owner may read. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '#shared/app-error.ts'
import { ConfigError } from './config-error.ts'
import { ParseFault, masterKeys } from './parsers.ts'
import { exampleLine } from './values.ts'

/** A key file cannot be used or created. The message says what to do. */
export class KeyFileError extends AppError {
  override readonly code = 'key_file_refused'
  override readonly status = 500
}

/** What created the master key file; `unknown`: by hand or by another tool. */
export type KeyMaker = 'init' | 'first-start' | 'unknown'

export interface MasterKeyFile {
  readonly keys: readonly Uint8Array[]
  readonly madeBy: KeyMaker
}

export function masterKeyPath(keysDir: string): string {
  return join(keysDir, 'master.key')
}

const MADE_BY = /^# made by: (init|first-start)$/m

/**
 * Reads `master.key`. Undefined when there is none. Throws KeyFileError when it cannot be read or others can read it,
 * ConfigError when its content is wrong.
 */
export function readMasterKeyFile(keysDir: string): MasterKeyFile | undefined {
  const path = masterKeyPath(keysDir)
  const content = readPrivateFile(path)
  if (content === undefined) return undefined
  const maker = MADE_BY.exec(content)?.[1]
  try {
    return { keys: masterKeys(content), madeBy: maker === 'init' || maker === 'first-start' ? maker : 'unknown' }
  } catch (error) {
    if (!(error instanceof ParseFault)) throw error
    const problem = `the file ${path} must be ${error.message}`
    throw new ConfigError([{ variable: 'SIGNET_MASTER_KEYS', problem, example: exampleLine('SIGNET_MASTER_KEYS') }])
  }
}

/** Creates `master.key` unless it exists. Returns whether this call created it. */
export function makeMasterKeyFile(keysDir: string, madeBy: 'init' | 'first-start'): boolean {
  const content = [
    '# The master keys of Signet, one a line: the first encrypts, all decrypt.',
    '# Keep a copy in a safe place: what the database holds sealed opens with them alone.',
    `# made by: ${madeBy}`,
    randomBytes(32).toString('base64url'),
    '',
  ].join('\n')
  return makePrivateFile(masterKeyPath(keysDir), content)
}

/** Returns the content of a private file. Undefined when there is none. Throws KeyFileError when others can read it. */
export function readPrivateFile(path: string): string | undefined {
  try {
    refuseReadableByOthers(path)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof KeyFileError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new KeyFileError(`${path} cannot be read (${code}): give it to the user that runs Signet, mode 0600.`, {
      cause: error,
    })
  }
}

/**
 * Throws KeyFileError when others can read the file. A file of another owner may be readable by its group: that is how
 * mounted secrets reach us.
 */
function refuseReadableByOthers(path: string): void {
  const { mode, uid } = statSync(path)
  const forbidden = uid === process.geteuid?.() ? 0o077 : 0o007
  if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, '0')
    throw new KeyFileError(`${path} can be read by others (mode ${found}): run "chmod 600 ${path}" and start again.`)
  }
}

/**
 * Creates a file of mode 0600 atomically. Creates its directory with mode 0700 when it is missing.
 * Returns false and changes nothing when the file exists. Throws KeyFileError when the directory is not writable.
 */
export function makePrivateFile(path: string, content: string): boolean {
  const dir = dirname(path)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const draft = writeDraft(dir, content)
    try {
      linkSync(draft, path)
    } finally {
      rmSync(draft)
    }
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && existsSync(path)) return false
    throw notWritable(dir, error)
  }
}

/** Creates or replaces a file of mode 0600 atomically. Once it returns, the new content survives a power cut. */
export function replacePrivateFile(path: string, content: string): void {
  const dir = dirname(path)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const draft = writeDraft(dir, content)
    try {
      renameSync(draft, path)
    } finally {
      rmSync(draft, { force: true })
    }
    syncDirectory(dir)
  } catch (error) {
    throw notWritable(dir, error)
  }
}

function notWritable(dir: string, error: unknown): KeyFileError {
  const todo = 'let the user that runs Signet write there, or set SIGNET_KEYS_DIR'
  const { code } = error as NodeJS.ErrnoException
  return new KeyFileError(`${dir} cannot be written (${code}): ${todo}.`, { cause: error })
}

function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function writeDraft(dir: string, content: string): string {
  const draft = join(dir, `.${randomBytes(6).toString('hex')}.new`)
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return draft
}
