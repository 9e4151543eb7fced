/** What was confirmed holds after everything was killed, and what could not be stored is not confirmed. */
import { beforeAll, expect, test } from 'vitest'
import type { EmbeddedDatabase } from '#embedded-postgres/embedded-postgres.ts'
import type { TokenAnswer } from '../support/app.ts'
import { EVERYTHING, expectRefused, granted, type Stage, startProcessStage } from '../support/hazard-world.ts'
import { childrenOf } from '../support/holder-process.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { asSuperuser } from '../support/postgres.ts'
import type { ServerProcess } from '../support/server.ts'

let postgres: EmbeddedDatabase
let stage: Stage<ServerProcess>

beforeAll(async () => {
  postgres = await startOwnPostgres()
  stage = await startProcessStage(2, { databaseUrl: postgres.url })
})

/** kill -9 of both processes and of the postmaster with all its backends; then all of them again. */
async function killEverything(): Promise<void> {
  const { first, second } = stage
  const pids = [postgres.pid, ...childrenOf(postgres.pid)]
  await Promise.all([first.kill('SIGKILL'), second.kill('SIGKILL')])
  signal(pids, 'SIGKILL')
  await expect.poll(isAnswering, { timeout: 30_000, interval: 50 }).toBe(true)
  await first.restart()
  await second.restart()
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // a backend may have ended meanwhile
    }
  }
}

async function isAnswering(): Promise<boolean> {
  try {
    await asSuperuser((client) => client.query('SELECT 1'), postgres.url)
    return true
  } catch {
    return false
  }
}

test(
  'V2: refresh tokens that were rotated out or revoked stay refused after kill -9 of nodes and PostgreSQL',
  { timeout: 120_000 },
  async () => {
    const [rotated, revoked, stolen] = [await granted(stage, 'spa'), await granted(stage), await granted(stage, 'spa')]
    const tokenOf = (held: { tokens: Record<string, string> }) => held.tokens['refresh_token'] as string
    const next = (await rotated.app.refresh(tokenOf(rotated))).body['refresh_token'] as string
    const last = (await rotated.app.refresh(next)).body['refresh_token'] as string
    expect((await revoked.app.call('/revoke', { token: tokenOf(revoked) })).status).toBe(200)
    const successor = (await stolen.app.refresh(tokenOf(stolen))).body['refresh_token'] as string
    expect((await stolen.app.refresh(successor)).status).toBe(200)
    expect((await stolen.app.refresh(tokenOf(stolen))).status).toBe(400)

    await killEverything()

    const refused = { status: 400, error: 'invalid_grant', description: /\w+ \w+/ }
    for (const node of [stage.second, stage.first]) {
      await expectRefused(stage, await revoked.app.refresh(tokenOf(revoked), {}, node), refused)
      await expectRefused(stage, await stolen.app.refresh(successor, {}, node), refused)
    }
    // the family of the one that was rotated lives: its last token is good, and the first one is theft
    const good = await rotated.app.refresh(last, {}, stage.second)
    expect(good.status).toBe(200)
    const theft = await rotated.app.refresh(tokenOf(rotated), {}, stage.first)
    await expectRefused(stage, theft, { ...refused, description: 'refresh token already used', event: 'token.reused' })
    await expectRefused(stage, await rotated.app.refresh(good.body['refresh_token'] as string), refused)
  },
)

test(
  'V9: a revocation that PostgreSQL did not take is 503, and the token is as good as before',
  { timeout: 120_000 },
  async () => {
    const { app, browser, who, tokens } = await granted(stage)
    const { body } = await app.redeem(await app.code(browser, who, EVERYTHING))
    const jwt = body['access_token'] as string
    const refresh = tokens['refresh_token'] as string
    const pids = [postgres.pid, ...childrenOf(postgres.pid)]
    signal(pids, 'SIGSTOP')
    let answers: TokenAnswer[]
    try {
      answers = await Promise.all([refresh, jwt].map((token) => app.call('/revoke', { token })))
    } finally {
      signal(pids, 'SIGCONT')
    }
    for (const { status, headers, body: said } of answers) {
      expect({ status, said }).toEqual({
        status: 503,
        said: { error: 'temporarily_unavailable', error_description: expect.stringMatching(/\w+ \w+/) as string },
      })
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(headers.get('cache-control')).toBe('no-store')
    }
    const again = () => app.refresh(refresh, {}, stage.second).catch(() => undefined)
    await expect.poll(async () => (await again())?.status, { timeout: 30_000, interval: 100 }).toBe(200)
    // and one that is confirmed is final; the first node may take a moment longer to reach PostgreSQL again
    const revoked = async () => (await app.call('/revoke', { token: refresh })).status
    await expect.poll(revoked, { timeout: 30_000, interval: 100 }).toBe(200)
    for (const node of [stage.second, stage.first]) expect((await app.refresh(refresh, {}, node)).status).toBe(400)
  },
)
