/** As whom PostgreSQL runs: it refuses root, so a server started by root hands it to another user. */
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError } from './errors.ts'

/** How to spawn a program that may work in the database directory. */
export interface RunAs {
  /** Puts the command that changes the user, if one is needed, in front. */
  command(program: string, args: readonly string[]): { program: string; args: readonly string[] }
  /** What `spawn` itself changes. */
  readonly spawn: { uid?: number; gid?: number }
  /** The owner of the files, undefined when nothing is to be given away. */
  readonly owner: { uid: number; gid: number } | undefined
}

const asOurselves: RunAs = { command: (program, args) => ({ program, args }), spawn: {}, owner: undefined }

/**
 * Chooses the user for the database directory `dir` (which exists) and gives the directory, and nothing else, to it.
 * Below a directory that only root may enter a mere change of user does not reach the files; then the user keeps the
 * one capability to pass through, or root is shown to PostgreSQL under another number. Each way is tried, not guessed.
 */
export function chooseUser(dir: string, binaries: Binaries): RunAs {
  if (process.getuid?.() !== 0) return asOurselves
  const user = databaseUser(dir)
  const failures: string[] = []
  for (const way of waysFor(user)) {
    chownSync(dir, way.owner?.uid ?? 0, way.owner?.gid ?? 0)
    const failure = probe(way, dir, binaries)
    if (failure === undefined) {
      giveContents(dir, way)
      return way
    }
    failures.push(failure)
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root and no other user can enter ${dir}: start Signet as an ordinary user, or set SIGNET_DATA_DIR to a directory that other users may enter.`,
    { logDetail: failures.join('; ') },
  )
}

interface User {
  uid: number
  gid: number
}

/** The owner of an existing database, otherwise the user `postgres` or `nobody`. */
function databaseUser(dir: string): User {
  const versionFile = join(dir, 'PG_VERSION')
  if (existsSync(versionFile)) {
    const { uid, gid } = lstatSync(versionFile)
    if (uid !== 0) return { uid, gid }
  }
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
  const user = users.get('postgres') ?? users.get('nobody')
  if (user === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL refuses to run as root and there is neither a user "postgres" nor "nobody": start Signet as an ordinary user, or set DATABASE_URL.',
    )
  }
  return user
}

function waysFor(user: User): RunAs[] {
  // without that bit access(2), by which PostgreSQL looks for its files, would not count the capability
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--securebits=+no_setuid_fixup']
  const passing = (capability: string) =>
    wrapped('setpriv', [...ids, `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`], user)
  return [
    { command: asOurselves.command, spawn: user, owner: user },
    ...passing('dac_read_search'),
    ...passing('dac_override'),
    ...wrapped('unshare', ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`], { uid: 0, gid: 0 }),
  ]
}

function wrapped(tool: string, options: string[], owner: User): RunAs[] {
  const path = [`/usr/bin/${tool}`, `/bin/${tool}`].find((candidate) => existsSync(candidate))
  if (path === undefined) return []
  const command: RunAs['command'] = (program, args) => ({ program: path, args: [...options, '--', program, ...args] })
  return [{ command, spawn: {}, owner }]
}

/** Whether the programs find each other and their files, and the directory can be entered; if not, the reason. */
function probe(way: RunAs, dir: string, binaries: Binaries): string | undefined {
  const script = '[ "$(id -u)" != 0 ] && cd "$2" && [ -w . ] && exec "$1" --show -D "$2"'
  const { program, args } = way.command('/bin/sh', ['-c', script, 'sh', binaries.initdb, dir])
  const result = spawnSync(program, args, { cwd: '/', env: PATH_ONLY, encoding: 'utf8', timeout: 5000, ...way.spawn })
  return result.status === 0 ? undefined : `${program}: ${result.error?.message ?? result.stderr.trim()}`
}

/** The environment of everything that the launcher spawns: the server's own may hold secrets. */
export const PATH_ONLY: NodeJS.ProcessEnv = { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' }

/** Changes the owner below `dir` where it differs; the file looked at to tell so is changed last. */
function giveContents(dir: string, way: RunAs): void {
  const versionFile = join(dir, 'PG_VERSION')
  if (!way.owner || !existsSync(versionFile) || lstatSync(versionFile).uid === way.owner.uid) return
  for (const entry of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (entry !== 'PG_VERSION') lchownSync(join(dir, entry), way.owner.uid, way.owner.gid)
  }
  lchownSync(versionFile, way.owner.uid, way.owner.gid)
}
