/** Chooses the user that PostgreSQL runs as. It refuses root, so a server started by root runs it as another user. */
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError } from './errors.ts'

/** How to spawn a program that can access the database directory. */
export interface RunAs {
  /** Prefixes the program with the command that changes the user, if one is needed. */
  command(program: string, args: readonly string[]): { program: string; args: readonly string[] }
  /** Options for `spawn`. */
  readonly spawn: { uid?: number; gid?: number }
  /** The owner to give the files to; undefined when the owner stays the same. */
  readonly owner: { uid: number; gid: number } | undefined
}

const currentUser: RunAs = { command: (program, args) => ({ program, args }), spawn: {}, owner: undefined }

/**
 * Chooses the user for the database directory `dir`, which exists, and gives this user the directory and nothing else.
 * Below a directory that only root can enter, a change of user is not enough: then the user keeps the one capability to
 * pass through, or a user namespace maps root to another id. Tries each way and takes the first that works. Throws
 * EmbeddedPostgresError.
 */
export function chooseUser(dir: string, binaries: Binaries): RunAs {
  if (process.getuid?.() !== 0) return currentUser
  const user = databaseUser(dir)
  const failures: string[] = []
  for (const candidate of candidatesFor(user)) {
    chownSync(dir, candidate.owner?.uid ?? 0, candidate.owner?.gid ?? 0)
    const failure = probe(candidate, dir, binaries)
    if (failure === undefined) {
      giveContents(dir, candidate)
      return candidate
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

/** Returns the owner of an existing database, otherwise the user `postgres` or `nobody`. */
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

function candidatesFor(user: User): RunAs[] {
  // without no_setuid_fixup, access(2), which PostgreSQL uses to look for its files, would ignore the capability
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--securebits=+no_setuid_fixup']
  const withCapability = (capability: string) =>
    wrapped('setpriv', [...ids, `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`], user)
  return [
    { command: currentUser.command, spawn: user, owner: user },
    ...withCapability('dac_read_search'),
    ...withCapability('dac_override'),
    ...wrapped('unshare', ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`], { uid: 0, gid: 0 }),
  ]
}

function wrapped(tool: string, options: string[], owner: User): RunAs[] {
  const path = [`/usr/bin/${tool}`, `/bin/${tool}`].find((candidate) => existsSync(candidate))
  if (path === undefined) return []
  const command: RunAs['command'] = (program, args) => ({ program: path, args: [...options, '--', program, ...args] })
  return [{ command, spawn: {}, owner }]
}

/** Tries whether the programs start and can enter the directory. Returns the reason if not. */
function probe(candidate: RunAs, dir: string, binaries: Binaries): string | undefined {
  const script = '[ "$(id -u)" != 0 ] && cd "$2" && [ -w . ] && exec "$1" --show -D "$2"'
  const { program, args } = candidate.command('/bin/sh', ['-c', script, 'sh', binaries.initdb, dir])
  const result = spawnSync(program, args, {
    cwd: '/',
    env: PATH_ONLY,
    encoding: 'utf8',
    timeout: 5000,
    ...candidate.spawn,
  })
  return result.status === 0 ? undefined : `${program}: ${result.error?.message ?? result.stderr.trim()}`
}

/** The environment of everything that the launcher spawns: our own may contain secrets. */
export const PATH_ONLY: NodeJS.ProcessEnv = { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' }

/** Changes the owner of everything below `dir` if it differs. PG_VERSION, which is checked for that, changes last. */
function giveContents(dir: string, candidate: RunAs): void {
  const versionFile = join(dir, 'PG_VERSION')
  if (!candidate.owner || !existsSync(versionFile) || lstatSync(versionFile).uid === candidate.owner.uid) return
  for (const entry of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (entry !== 'PG_VERSION') lchownSync(join(dir, entry), candidate.owner.uid, candidate.owner.gid)
  }
  lchownSync(versionFile, candidate.owner.uid, candidate.owner.gid)
}
