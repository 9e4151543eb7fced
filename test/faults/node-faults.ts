/** Faults of a process of Signet: killed, stopped, with a wrong clock. */
import { setTimeout as delay } from 'node:timers/promises'
import { createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { rowId } from '#oidc/adapter/sealing.ts'
import { person } from '../support/person.ts'
import { expectBack, timed } from './expectations.ts'
import type { Fault, Scene } from './harness.ts'
import { API, CALLBACK, probe, type World } from './world.ts'

/** Readiness turns within two seconds; a busy machine may let us notice a little later. */
const READY_MS = 2150

export const NODE_FAULTS: readonly Fault[] = [
  {
    id: 'F11',
    name: 'kill -9 of a process, mid-request',
    async inject(scene) {
      for (const index of [0, 1, 0]) {
        const node = scene.world.nodes[index as 0 | 1]
        await node.kill('SIGKILL')
        await delay(200 + scene.random() * 300)
        await node.restart()
      }
      scene.recovered(await expectBack(scene.world, { expect: scene.expect, since: performance.now() }))
    },
  },
  {
    id: 'F12',
    name: 'SIGTERM under load, one process after the other',
    async inject(scene) {
      const { world, load } = scene
      const before = load.history.operations.length
      for (const node of world.nodes) {
        const code = await node.stop()
        scene.expect(code === 0, `a process that was asked to end did so with ${code}`)
        await node.restart()
        await delay(500)
      }
      const failed = load.history.operations.slice(before).filter(({ outcome }) => outcome === 'unknown')
      scene.note(`${load.history.operations.length - before} requests meanwhile, ${failed.length} failed`)
      for (const { kind, answer } of failed) scene.expect(false, `${kind} failed: ${answer?.status ?? 'no answer'}`)
    },
  },
  { id: 'F13', name: 'clock of one process wrong by 5 s, 60 s, 1 h', inject: wrongClock },
]

async function wrongClock(scene: Scene): Promise<void> {
  const { world, expect } = scene
  const node = world.nodes[1]
  for (const seconds of [5, -5]) {
    world.skew(seconds * 1000)
    await delay(1500)
    expect((await probe(node, 'ready')) === 200, `not ready with a clock wrong by ${seconds} s`)
    const { status, text } = await machineToken(world, 1)
    expect(status === 200, `no token with a clock wrong by ${seconds} s: ${status} ${text}`)
    const active = await introspected(world, (JSON.parse(text) as { access_token: string }).access_token)
    expect(active, `a token of a clock wrong by ${seconds} s is not active on the other process`)
  }
  world.balancer.hold(1)
  for (const seconds of [60, -60, 3600, -3600]) {
    world.skew(seconds * 1000)
    const since = performance.now()
    while ((await probe(node, 'ready')) !== 503 && performance.now() - since < 5000) await delay(25)
    const ms = Math.round(performance.now() - since)
    expect(ms <= READY_MS * world.patience, `with a clock wrong by ${seconds} s it was not ready only after ${ms} ms`)
    expect((await probe(node, 'live')) === 200, 'not alive with a wrong clock')
    if (seconds < 0) await expectExpired(scene)
  }
  world.skew(0)
  const since = performance.now()
  while ((await probe(node, 'ready')) !== 200 && performance.now() - since < 5000) await delay(25)
  world.balancer.hold(undefined)
  scene.recovered(performance.now() - since)
}

/** The database's clock judges what has expired, however far back that of the process is. */
async function expectExpired({ world, expect }: Scene): Promise<void> {
  const [first, second] = world.nodes
  const { otherSpa } = world.clients
  const app = createApp(first, otherSpa, CALLBACK, true)
  const scope = { scope: 'openid offline_access posts:read', resource: API }
  const { body } = await app.redeem(
    await app.code(
      person(() => first),
      world.people[0] as World['people'][number],
      scope,
    ),
  )
  const token = body['refresh_token'] as string
  await world.sql(
    `UPDATE artefacts SET expires_at = now() - interval '1 second' WHERE kind = 'RefreshToken' AND id = $1`,
    [rowId(token)],
  )
  const { status, text } = await timed(second, '/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: otherSpa.id,
    }),
  })
  expect(status === 400 && /invalid_grant/.test(text), `an expired refresh token was answered with ${status} ${text}`)
}

async function machineToken(world: World, index: 0 | 1): Promise<{ status: number; text: string }> {
  const { prober } = world.clients
  const node = world.nodes[index]
  const own = await assertionParams({ issuer: node.issuer, clientId: prober.id, key: prober.key })
  return timed(node, '/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...own }),
  })
}

async function introspected(world: World, token: string): Promise<boolean> {
  const { gateway } = world.clients
  const [first] = world.nodes
  const own = await assertionParams({ issuer: first.issuer, clientId: gateway.id, key: gateway.key })
  const { text } = await timed(first, '/introspect', { method: 'POST', body: new URLSearchParams({ token, ...own }) })
  return /"active":true/.test(text)
}
