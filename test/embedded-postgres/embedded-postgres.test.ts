import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findBinaries } from '#embedded-postgres/binaries.ts'
import { chooseUser } from '#embedded-postgres/user.ts'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { createDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { allGone, childrenOf, isRunning, killHard, spawnHolder, startHolder } from '../support/holder-process.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { POSTGRES_14_BIN_DIR } from '../support/postgres-binaries.ts'
import { asSuperuser } from '../support/postgres.ts'
import { temporaryDir } from '../support/server.ts'

/** The product needs less than two seconds; the machine may be busy. */
const PATIENCE_MS = 10_000
const isRoot = process.getuid?.() === 0

/** A folder that an ordinary user may enter, with a data directory in it that does not exist yet. */
function newDataDir(): string {
  const parent = temporaryDir('embedded')
  chmodSync(parent, 0o755)
  return join(parent, 'data')
}

/** An ordinary user, who owns `dir`: ourselves, unless root runs the tests. */
function ordinaryUser(dir: string) {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return chooseUser(dir, findBinaries())
}

async function scalar(url: string, text: string): Promise<unknown> {
  return asSuperuser(async (client) => {
    const { rows } = await client.query<{ value: unknown }>(`SELECT (${text}) AS value`)
    return rows[0]?.value
  }, url)
}

test('a later start finds the data of the first again, and the password stays in a file that only its owner reads', async () => {
  const dataDir = newDataDir()
  const first = await startEmbedded({ dataDir })
  await asSuperuser((client) => client.query(`CREATE TABLE kept AS SELECT 'bread' AS what`), first.url)
  await first.stop()
  const second = await startOwnPostgres({ dataDir })
  expect(await scalar(second.url, 'SELECT what FROM kept')).toBe('bread')
  const passwordFile = join(dataDir, 'postgres-password')
  expect(statSync(passwordFile).mode & 0o777).toBe(0o600)
  expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
  expect(new URL(second.url).password).toBe(readFileSync(passwordFile, 'utf8').trim())
})

test('it listens on the loopback address only, asks for the password by SCRAM, and writes durably in UTF-8', async () => {
  const { url } = await startOwnPostgres({ dataDir: newDataDir() })
  expect(new URL(url).hostname).toBe('127.0.0.1')
  expect(await scalar(url, `current_setting('listen_addresses')`)).toBe('127.0.0.1')
  expect(await scalar(url, `current_setting('unix_socket_directories')`)).toBe('')
  expect(await scalar(url, `current_setting('fsync') || current_setting('synchronous_commit')`)).toBe('onon')
  expect(await scalar(url, `current_setting('server_encoding')`)).toBe('UTF8')
  expect(await scalar(url, `lower('Ä') || upper('é')`)).toBe('äÉ')
  expect(await scalar(url, `SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules`)).toBe(true)
  const wrong = Object.assign(new URL(url), { password: 'wrong' }).href
  await expect(scalar(wrong, '1')).rejects.toMatchObject({ code: '28P01' })
})

test('PostgreSQL runs as a user that is not root, in a session of its own, without the environment of the server', async () => {
  const holder = await startHolder({ dataDir: newDataDir(), env: { SIGNET_MASTER_KEYS: 'do-not-hand-on' } })
  const [status, environment] = ['status', 'environ'].map((file) =>
    readFileSync(`/proc/${holder.said.pid}/${file}`, 'utf8'),
  )
  expect(/^Uid:\t(\d+)/m.exec(status ?? '')?.[1]).not.toBe('0')
  expect(environment).not.toContain('do-not-hand-on')
  expect(readFileSync(`/proc/${holder.said.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(
    String(holder.said.pid),
  )
})

test('Ctrl-C in a terminal reaches the server alone, which can still use its database to drain', async () => {
  const holder = await startHolder({ dataDir: newDataDir() })
  process.kill(-Number(holder.process.pid), 'SIGINT') // what a terminal does: the whole process group
  expect(await holder.nextLine()).toEqual({ answer: 'still there' })
  await allGone([holder.said.pid], PATIENCE_MS)
})

test('an ordinary user can start it', async () => {
  const dataDir = newDataDir()
  const as = ordinaryUser(dataDir)
  const holder = await startHolder({ dataDir, as })
  expect(holder.said.refused).toBeUndefined()
  expect(await scalar(holder.said.url, '1')).toBe(1)
  await killHard(holder.process)
  await allGone([holder.said.pid], PATIENCE_MS)
})

test('after kill -9 of the server PostgreSQL is gone within two seconds and a new start finds what was committed', async () => {
  const dataDir = newDataDir()
  const holder = await startHolder({ dataDir })
  await asSuperuser((client) => client.query(`CREATE TABLE kept AS SELECT 'bread' AS what`), holder.said.url)
  const processes = [holder.said.pid, ...childrenOf(holder.said.pid), ...childrenOf(Number(holder.process.pid))]
  expect(processes.length).toBeGreaterThan(4)
  await killHard(holder.process)
  await allGone(processes, PATIENCE_MS)
  const next = await startOwnPostgres({ dataDir })
  expect(await scalar(next.url, 'SELECT what FROM kept')).toBe('bread')
})

test('a start right after kill -9 takes over at once, even from a postmaster that nobody watches any more', async () => {
  const dataDir = newDataDir()
  const holder = await startHolder({ dataDir })
  const postmaster = holder.said.pid
  const watchers = childrenOf(Number(holder.process.pid)).filter((pid) => pid !== postmaster)
  expect(watchers).toHaveLength(1)
  for (const pid of watchers) process.kill(pid, 'SIGKILL')
  await killHard(holder.process)
  await allGone(watchers, PATIENCE_MS)
  expect(isRunning(postmaster)).toBe(true)
  const next = await startOwnPostgres({ dataDir })
  expect(isRunning(postmaster)).toBe(false)
  expect(await scalar(next.url, '1')).toBe(1)
})

test('a second start on a directory in use is refused with one sentence, and the first goes on', async () => {
  const dataDir = newDataDir()
  const first = await startOwnPostgres({ dataDir })
  const { said } = await startHolder({ dataDir })
  expect(said.refused).toBe(
    `The data directory ${dataDir} is in use by another Signet (process ${process.pid}): stop that one, or set SIGNET_DATA_DIR to another directory.`,
  )
  await expect(startEmbedded({ dataDir })).rejects.toMatchObject({
    code: 'database_start_failed',
    message: said.refused,
  })
  expect(await scalar(first.url, '1')).toBe(1)
})

test('of many starts at the same time exactly one gets the directory', async () => {
  const dataDir = newDataDir()
  const all = await Promise.all([1, 2, 3, 4].map(() => startHolder({ dataDir })))
  expect(all.filter(({ said }) => said.refused === undefined)).toHaveLength(1)
})

test('a directory that cannot be written is named in one sentence', async () => {
  const parent = temporaryDir('readonly')
  const as = ordinaryUser(join(parent, 'data'))
  chmodSync(parent, 0o755)
  chmodSync(join(parent, 'data'), 0o500)
  const { said } = await startHolder({ dataDir: join(parent, 'data'), as })
  expect(said.refused).toMatch(
    /^The data directory \S+\/data cannot be written \(.+\): give it to the user that runs Signet, or set SIGNET_DATA_DIR to another directory\.$/,
  )
})

test('a first start that was cut short leaves nothing in the way of the next', async () => {
  const dataDir = newDataDir()
  mkdirSync(join(dataDir, 'postgres.new-abc123', 'base'), { recursive: true })
  mkdirSync(join(dataDir, 'postgres'))
  const { url } = await startOwnPostgres({ dataDir })
  expect(await scalar(url, '1')).toBe(1)
  expect(unfinished(dataDir)).toEqual([])
})

test('kill -9 of a first start ends what makes the database, and the next start makes it anew', async () => {
  const dataDir = newDataDir()
  const holder = spawnHolder({ dataDir })
  const begun = () => unfinished(dataDir).some((name) => existsSync(join(dataDir, name, 'PG_VERSION')))
  await expect.poll(begun, { interval: 5 }).toBe(true)
  const makers = childrenOf(Number(holder.pid))
  await killHard(holder)
  await allGone([...makers, ...makers.flatMap(childrenOf)], 5000)
  // the last thing that initdb makes
  expect(unfinished(dataDir).filter((name) => existsSync(join(dataDir, name, 'base/5')))).toEqual([])
  const { url } = await startOwnPostgres({ dataDir })
  expect(await scalar(url, '1')).toBe(1)
  expect(unfinished(dataDir)).toEqual([])
})

/** Databases that are being made below `dataDir`. */
function unfinished(dataDir: string): string[] {
  return existsSync(dataDir) ? readdirSync(dataDir).filter((name) => name.includes('.new')) : []
}

test('a process that got the number of a dead postmaster is not taken for it', async () => {
  const dataDir = newDataDir()
  const first = await startEmbedded({ dataDir })
  const pidFile = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8')
  await first.stop()
  const { uid, gid } = statSync(join(dataDir, 'postgres'))
  const stranger = spawn('sleep', ['60'], { cwd: '/', ...(isRoot && { uid, gid }) })
  atEnd(() => stranger.kill('SIGKILL'))
  writeFileSync(join(dataDir, 'postgres/postmaster.pid'), pidFile.replace(/^\d+/, String(stranger.pid)))
  const second = await startOwnPostgres({ dataDir })
  expect(await scalar(second.url, '1')).toBe(1)
  expect(isRunning(Number(stranger.pid))).toBe(true)
})

test('a postmaster that was killed is started again under the same URL', async () => {
  const postgres = await startOwnPostgres({ dataDir: newDataDir() })
  const db = createDatabase({ url: postgres.url })
  atEnd(() => db.close())
  const before = postgres.pid
  process.kill(before, 'SIGKILL')
  await expect
    .poll(() => db.query('SELECT 1').catch(() => undefined), { timeout: 15_000 })
    .toMatchObject({ rowCount: 1 })
  await expect.poll(() => postgres.pid).not.toBe(before)
})

test('PostgreSQL 14 starts as well, and its data is not touched by 18', async () => {
  const dataDir = newDataDir()
  const old = await startEmbedded({ dataDir, binDir: POSTGRES_14_BIN_DIR })
  expect(await scalar(old.url, `current_setting('server_version_num')::int / 10000`)).toBe(14)
  await old.stop()
  await expect(startEmbedded({ dataDir })).rejects.toThrow(
    `The data directory ${dataDir} was made by PostgreSQL 14 and this Signet brings 18: start it with the Signet that made it, or set SIGNET_DATA_DIR to a new directory.`,
  )
})

test('missing binaries and a lost password are each told in one sentence', async () => {
  const dataDir = newDataDir()
  await expect(startEmbedded({ dataDir, binDir: '/nowhere' })).rejects.toThrow(
    'The embedded PostgreSQL is incomplete in /nowhere: run "npm ci" again, or set DATABASE_URL to a PostgreSQL of your own.',
  )
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '18\n')
  await expect(startEmbedded({ dataDir })).rejects.toThrow(
    `The file ${dataDir}/postgres-password is missing: put it back from the backup of ${dataDir}.`,
  )
})

if (isRoot) {
  test('root can start it below a directory that only root may enter, also with the binaries there', async () => {
    const closed = temporaryDir('closed')
    chmodSync(closed, 0o700)
    cpSync(join(findBinaries().postgres, '../..'), join(closed, 'native'), { recursive: true, verbatimSymlinks: true })
    const dataDir = join(closed, 'data')
    const holder = await startHolder({ dataDir, binDir: join(closed, 'native/bin') })
    expect(holder.said.refused).toBeUndefined()
    expect(() => execFileSync('/bin/ls', [dataDir], { uid: 65_534, stdio: 'pipe' })).toThrow('Permission denied')
    expect(await scalar(holder.said.url, `SELECT count(*) > 0 FROM pg_timezone_names`)).toBe(true)
    expect(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${holder.said.pid}/status`, 'utf8'))?.[1]).not.toBe('0')
    await killHard(holder.process)
    await allGone([holder.said.pid], PATIENCE_MS)
  })

  test('root gives away the database directory and nothing else, and takes over one that root owns', async () => {
    const dataDir = newDataDir()
    const first = await startEmbedded({ dataDir })
    await first.stop()
    expect(statSync(join(dataDir, 'postgres')).uid).not.toBe(0)
    for (const kept of ['', 'postgres-password', 'signet.lock']) expect(statSync(join(dataDir, kept)).uid).toBe(0)
    const copy = newDataDir()
    cpSync(dataDir, copy, { recursive: true }) // as a restored backup: all of it belongs to root
    expect(statSync(join(copy, 'postgres/base')).uid).toBe(0)
    const { url } = await startOwnPostgres({ dataDir: copy })
    expect(await scalar(url, '1')).toBe(1)
    expect(existsSync(join(copy, 'postgres/postmaster.pid'))).toBe(true)
  })
}
