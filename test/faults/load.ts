/** The load that the faults meet: people in their apps, machines, and an administrator, all at random from one seed. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { random } from '../support/schedules.ts'
import { type Caller, createCaller } from './caller.ts'
import { type Begun, keepSigningIn } from './families.ts'
import { createHistory, type History } from './history.ts'
import type { World } from './world.ts'

export interface Violation {
  /** I1 to I9, or the expectation that was not met. */
  readonly rule: string
  readonly what: string
}

export interface MadeClient {
  readonly id: string
  state: 'enabled' | 'disabled' | 'unsure'
}

export interface Load extends Begun {
  readonly history: History
  readonly clients: readonly MadeClient[]
  readonly machineTokens: readonly { readonly token: string; readonly at: number }[]
  readonly complaints: readonly Violation[]
  /** The key of every client in `clients`. */
  readonly key: JWK
  /** Begins nothing more and resolves when everything begun is over. */
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly seed: number
  readonly people: number
  readonly machines: number
}

export async function startLoad(world: World, { seed, people, machines }: LoadOptions): Promise<Load> {
  const history = createHistory()
  const complaints: Violation[] = []
  let stoppedAt: number | undefined
  const actor = (index: number): Caller =>
    createCaller({
      world,
      history,
      random: random(seed * 1000 + index),
      stoppedAt: () => stoppedAt,
      complain: (rule, what) => void complaints.push({ rule, what }),
    })
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(pair.privateKey)), alg: 'ES256', use: 'sig', kid: 'k1' }
  const begun = {
    families: [],
    lostCodes: [],
    clients: [] as MadeClient[],
    machineTokens: [] as { token: string; at: number }[],
  }
  const { d: _private, ...publicKey } = key
  const working = [
    ...Array.from({ length: people }, (_, index) => keepSigningIn(world, actor(index), begun)),
    ...Array.from({ length: machines }, (_, index) =>
      keepAskingForTokens(world, actor(100 + index), begun.machineTokens),
    ),
    keepAdministering(world, actor(200), begun.clients, publicKey),
  ].map((work) => work.catch((error: unknown) => void complaints.push({ rule: 'I6', what: String(error) })))
  return {
    ...begun,
    history,
    complaints,
    key,
    async stop() {
      stoppedAt ??= performance.now()
      await Promise.all(working)
    },
  }
}

async function keepAskingForTokens(
  world: World,
  caller: Caller,
  tokens: { token: string; at: number }[],
): Promise<void> {
  while (caller.goesOn()) {
    const machine = world.clients.machines[Math.floor(caller.random() * world.clients.machines.length)]
    if (!machine) return
    const { outcome, body } = await caller.untilAnswered(async () => ({
      kind: 'machine token' as const,
      path: '/token',
      form: { grant_type: 'client_credentials', ...(await caller.authenticated(machine)) },
    }))
    if (outcome === 'ok') tokens.push({ token: body['access_token'] as string, at: performance.now() })
    else caller.complain('I6', `a machine was refused: ${JSON.stringify(body)}`)
    await caller.think()
  }
}

/** Registers clients and people, and disables some of the clients again. */
async function keepAdministering(world: World, caller: Caller, clients: MadeClient[], publicKey: JWK): Promise<void> {
  const bearer = adminBearer(world, caller)
  while (caller.goesOn()) {
    const name = `made-${randomUUID()}`
    const account = await caller.send(caller.node(), {
      kind: 'create account',
      path: '/admin/v1/accounts',
      json: { email: `${name}@example.com`, name },
      headers: await bearer(),
    })
    if (account.outcome === 'fail') caller.complain('I8', `an account was refused: ${JSON.stringify(account.body)}`)
    const created = await caller.send(caller.node(), {
      kind: 'create client',
      path: '/admin/v1/clients',
      json: { signet_profile: 'machine', client_name: name, jwks: { keys: [publicKey] } },
      headers: await bearer(),
    })
    if (created.outcome === 'fail') caller.complain('I8', `a client was refused: ${JSON.stringify(created.body)}`)
    if (created.outcome === 'ok') {
      const client: MadeClient = { id: created.body['client_id'] as string, state: 'enabled' }
      clients.push(client)
      if (caller.random() < 0.5) await disable(caller, client, bearer)
    }
    for (let pause = 0; pause < 5; pause++) await caller.think()
  }
}

async function disable(
  caller: Caller,
  client: MadeClient,
  bearer: () => Promise<Record<string, string>>,
): Promise<void> {
  client.state = 'unsure'
  const { outcome, body } = await caller.untilAnswered(async () => ({
    kind: 'disable client' as const,
    path: `/admin/v1/clients/${client.id}/disable`,
    subject: client.id,
    headers: await bearer(),
  }))
  if (outcome === 'ok') client.state = 'disabled'
  else caller.complain('I6', `a client could not be disabled: ${JSON.stringify(body)}`)
}

/** An access token for the admin API, got anew when it is about to expire. */
function adminBearer(world: World, caller: Caller): () => Promise<Record<string, string>> {
  const { issuer, keysDir } = world.nodes[0]
  const key = JSON.parse(readFileSync(join(keysDir, 'admin-cli.jwk.json'), 'utf8')) as JWK
  let token: { value: string; until: number } | undefined
  return async () => {
    if (!token || token.until < performance.now()) {
      const { body } = await caller.untilAnswered(async () => ({
        kind: 'machine token' as const,
        path: '/token',
        form: {
          grant_type: 'client_credentials',
          resource: `${issuer}/admin/v1`,
          ...(await caller.authenticated({ id: 'signet-cli', key, secret: undefined })),
        },
      }))
      token = { value: body['access_token'] as string, until: performance.now() + 200_000 }
    }
    return { authorization: `Bearer ${token.value}` }
  }
}
