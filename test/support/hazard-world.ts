/** The setup of the hazard tests: processes of one issuer, an API, people and apps. */
import { expect } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from './administrator.ts'
import { type App, createApp, type TokenAnswer } from './app.ts'
import { person, type Person } from './person.ts'
import { type Server, type ServerOptions, type ServerProcess, startProcesses, startServers } from './server.ts'

export const API = 'https://api.example.com'
export const CALLBACK = 'https://app.example.com/callback'
/** The default metadata of an app. */
export const ALLOWED = {
  redirect_uris: [CALLBACK],
  signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }],
}
/** Requests everything that an app can get: ID token, JWT for the API, refresh token. */
export const EVERYTHING = { scope: 'openid offline_access posts:read', resource: API }

export interface Stage<Node extends Server = Server> {
  /** At least one; `second` equals `first` when only one was started. */
  readonly first: Node
  readonly second: Node
  readonly admin: Administrator
}

export interface Registered {
  readonly client: RegisteredClient
  readonly app: App
}

export interface Somebody {
  readonly sub: string
  readonly who: { readonly email: string; readonly password: string }
  readonly browser: Person
}

/** The tokens as issued, with their app and person. */
export interface Granted extends Registered, Somebody {
  readonly tokens: Record<string, string>
}

let people = 0

/** Starts `count` servers on one database, with the API registered. */
export async function startStage(count = 1): Promise<Stage> {
  return setStage(await startServers(count))
}

/** The same, where even one has a process of its own. */
export async function startProcessStage(count: number, options: ServerOptions = {}): Promise<Stage<ServerProcess>> {
  return setStage(await startProcesses(count, options))
}

async function setStage<Node extends Server>(servers: readonly Node[]): Promise<Stage<Node>> {
  const [first, second] = servers as [Node, Node?]
  const admin = await administrator(first)
  await admin.resource(API, ['posts:read', 'posts:write'])
  return { first, second: second ?? first, admin }
}

/** Registers a client of a profile; `also` adds members. */
export async function anApp(
  { admin, first }: Stage,
  profile: 'web' | 'spa' | 'native' | 'machine',
  also: Record<string, unknown> = {},
): Promise<Registered> {
  const own = profile === 'machine' ? { signet_allow: ALLOWED.signet_allow } : ALLOWED
  const client = await admin.client(profile, { ...own, ...also })
  return { client, app: createApp(first, client, CALLBACK, profile === 'spa' || profile === 'native') }
}

/** Creates a person with an account and a browser. */
export async function somebody({ admin, first }: Stage): Promise<Somebody> {
  const who = { email: `somebody${people++}@example.com`, password: PASSWORD }
  return { who, sub: await admin.account(who.email, who.password), browser: person(() => first) }
}

/** Signs a person in to an app and returns all its tokens. */
export async function granted(stage: Stage, profile: 'web' | 'spa' = 'web', params = EVERYTHING): Promise<Granted> {
  const [registered, someone] = [await anApp(stage, profile), await somebody(stage)]
  const { body } = await registered.app.redeem(await registered.app.code(someone.browser, someone.who, params))
  expect(body, 'tokens were issued').toHaveProperty('refresh_token')
  return { ...registered, ...someone, tokens: body }
}

/** Expects this refusal, which must not be cached, and an audit event with the same request id. */
export async function expectRefused(
  { admin }: Stage,
  answer: TokenAnswer,
  refusal: { status: number; error: string; description: string | RegExp; event?: string },
): Promise<void> {
  const { status, error, description, event = 'token.refused' } = refusal
  const says = typeof description === 'string' ? description : (expect.stringMatching(description) as string)
  expect({ status: answer.status, body: answer.body }).toMatchObject({
    status,
    body: { error, error_description: says },
  })
  expect(Object.keys(answer.body).filter((member) => /token|code$/.test(member))).toEqual([])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await admin.eventOf(event, answer.headers)).toMatchObject({
    outcome: 'failure',
    reason: expect.stringContaining(error) as string,
  })
}
