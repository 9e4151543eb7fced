/** The restore epoch between servers, their keys directories and the database, at starts, crashes and while they run. */
import { copyFileSync, cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { runSignet } from '../cli/support/signet.ts'
import { asSuperuser, backUp, restore } from '../support/postgres.ts'
import {
  ENDED_BY_RESTORE,
  type RestoreWorld,
  restoreWorld,
  signedInCookie,
  silentError,
  untilGone,
} from '../support/restore-world.ts'
import { hold } from '../support/revocation-holdings.ts'
import { startProcesses, temporaryDir } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let world: RestoreWorld
let file: string
beforeAll(async () => {
  world = await restoreWorld(startProcesses)
  file = join(world.servers[0].keysDir, 'restore-epoch')
})

const advances = async () => (await world.renewed()).admin.audit('restore_epoch.advanced')

test('the number is kept for its owner alone and counts on; the audit log tells of each advance', async () => {
  expect(await world.stopped(world.advance)).toBe(1)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^# .+\n1\n$/)
  expect(await world.stopped(world.advance)).toBe(2)
  expect(await advances()).toMatchObject([
    { actor: { kind: 'system' }, outcome: 'success', detail: { epoch: 2, before: 1 } },
    { actor: { kind: 'system' }, outcome: 'success', detail: { epoch: 1, before: 0 } },
  ])
})

test('a server that knows of fewer restores than the database does not start, and says what to do', async () => {
  const keysDir = temporaryDir('old-keys')
  cpSync(world.servers[0].keysDir, keysDir, { recursive: true })
  const old = Number(readFileSync(file, 'utf8').split('\n')[1])
  const seen = await world.stopped(world.advance)
  const { code, stderr } = await world.signet(['serve'], keysDir)
  expect(code).toBe(1)
  expect(stderr).toBe(
    `The database has seen the restore epoch ${seen}, and ${join(keysDir, 'restore-epoch')} says ${old}: bring the number ${seen} here from a server that has it, or, when none has, run "signet restore-epoch", which ends all sessions and tokens.\n`,
  )
  // as the sentence says, for a file that is lost everywhere
  rmSync(file)
  expect(await world.stopped(world.advance)).toBe(seen + 1)
})

test('those that run meanwhile stop by themselves, and no cookie of theirs is believed', async () => {
  const cookie = await signedInCookie(world)
  expect(await silentError(world.servers[0], world.stage, cookie)).toBeUndefined()
  const { databaseUrl } = world.servers[0]
  const sessions = ['sessions', 'session_ids']
  await asSuperuser(async (client) => {
    for (const table of sessions) await client.query(`CREATE TABLE written_${table} AS TABLE ${table}`)
  }, databaseUrl)
  await world.advance()
  for (const server of world.servers) {
    await untilGone(server, atMost(4000))
    expect(server.logs()).toContain('the database was restored while this server ran')
  }
  // as a request of theirs would have written that was under way
  await asSuperuser(async (client) => {
    for (const table of sessions) {
      await client.query(`INSERT INTO ${table} SELECT * FROM written_${table}`)
      await client.query(`DROP TABLE written_${table}`)
    }
  }, databaseUrl)
  await Promise.all(world.servers.map((server) => server.restart()))
  expect(await silentError(world.servers[0], world.stage, cookie)).toBe('login_required')
})

test('when only the file was written, servers that start at once bring the database up to it, once', async () => {
  const holdings = await hold(await world.renewed())
  await world.stopped(async () => writeFileSync(file, '70\n'))
  expect(await world.alive(holdings)).toEqual(ENDED_BY_RESTORE)
  expect((await advances()).filter(({ detail }) => (detail as { epoch: number }).epoch === 70)).toHaveLength(1)
})

test('a backup from before an earlier epoch is emptied by whoever starts first', async () => {
  const holdings = await hold(await world.renewed())
  const { databaseUrl } = world.servers[0]
  const backup = await world.stopped(() => backUp(databaseUrl))
  await world.stopped(world.advance)
  await world.stopped(() => restore(databaseUrl, backup))
  expect(await world.alive(holdings)).toEqual(ENDED_BY_RESTORE)
})

test('where the number stands in the environment, the command says so and changes nothing', async () => {
  const [{ keysDir, databaseUrl, issuer }] = world.servers
  const before = readFileSync(file, 'utf8')
  const env = {
    SIGNET_ISSUER: issuer,
    SIGNET_KEYS_DIR: keysDir,
    DATABASE_URL: databaseUrl,
    SIGNET_RESTORE_EPOCH: '300',
  }
  expect(await runSignet(['restore-epoch', '--yes'], { dir: keysDir, env })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'SIGNET_RESTORE_EPOCH is set, to 300: set it to a higher number on every server and start them; the first one ends what was issued before.\n',
  })
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect(await advances()).not.toMatchObject([{ detail: { epoch: 300 } }])
})

test('a role that may not empty tables is told so, and another that may is used where it is given', async () => {
  const { databaseUrl, keysDir, issuer } = world.servers[0]
  const limited = Object.assign(new URL(databaseUrl), { username: 'limited', password: 'limited' }).href
  await asSuperuser(async (client) => {
    await client.query("CREATE ROLE limited LOGIN PASSWORD 'limited'")
    await client.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO limited')
    await client.query('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO limited')
  }, databaseUrl)
  const before = await world.stopped(world.advance)
  await world.stopped(async () => {
    const settings = { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: limited }
    const run = (args: string[], env: object) => runSignet(args, { dir: keysDir, env: { ...settings, ...env } })
    const refused = await run(['restore-epoch', '--yes'], {})
    const sentence = `The database is to be brought to the restore epoch ${before + 1}, and its role may not empty tables: set DATABASE_DIRECT_URL to a connection of the role that owns the schema, as "signet migrate" takes it.`
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `${file} says ${before + 1} now, and the database does not yet: ${sentence} The first server that starts does the rest.\n`,
    })
    expect(await run(['serve'], {})).toMatchObject({ code: 1, stderr: `${sentence}\n` })
    expect((await run(['restore-epoch', '--yes'], { DATABASE_DIRECT_URL: databaseUrl })).code).toBe(0)
    await asSuperuser(async (client) => {
      await client.query('DROP OWNED BY limited')
      await client.query('DROP ROLE limited')
    }, databaseUrl)
  })
  expect((await advances())[0]).toMatchObject({ detail: { epoch: before + 2, before } })
})

test('a file that holds no number is a bad setting', async () => {
  const keysDir = temporaryDir('bad-keys')
  copyFileSync(join(world.servers[0].keysDir, 'master.key'), join(keysDir, 'master.key'))
  writeFileSync(join(keysDir, 'restore-epoch'), 'soon\n', { mode: 0o600 })
  const { code, stderr } = await world.signet(['serve'], keysDir)
  expect(code).toBe(78)
  expect(stderr).toContain('restore-epoch must hold one whole number from 0 to 1000000')
})
