/** What right requests are made of: a live server with an administrator, apps, a person who is signed in, tokens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { createDevice } from '../support/device.ts'
import { documentHost } from '../support/document-host.ts'
import { person, type Person } from '../support/person.ts'
import { register as selfRegister } from '../support/registration.ts'
import type { Server } from '../support/server.ts'
import type { Draft } from './draft.ts'
import type { Random } from './random.ts'

/** Makes a right request to one route. */
export type Maker = (stage: Stage, random: Random) => Promise<Draft>

export const API = 'https://api.example.com'
export const CALLBACK = 'http://localhost:5000/authorize'

export interface Machine extends RegisteredClient {
  readonly app: App
}

/** The objects that requests name; made anew now and then, since bent requests end some of them. */
export interface Cast {
  readonly web: Machine
  readonly spa: Machine
  readonly machine: Machine
  readonly fapi2: Machine
  /** The id of an app that describes itself by a document. */
  readonly document: string
  readonly secret: RegisteredClient
  /** A client that registered itself. */
  readonly registered: { readonly id: string; readonly token: string }
  /** A public device, and the codes of a request that nobody has decided. */
  readonly device: RegisteredClient
  readonly deviceCode: string
  readonly userCode: string
  /** A client that asks without a browser, and the id of a request that nobody has answered. */
  readonly till: Machine
  readonly authReqId: string
  readonly browser: Person
  readonly who: { readonly email: string; readonly password: string }
  readonly tokens: Readonly<Record<string, string>>
  readonly opaque: string
  readonly machineToken: string
  readonly adminToken: string
  /** An access token for the admin API that may read clients and no more. */
  readonly readerToken: string
  readonly proofKey: JWK
  readonly proofPublicKey: JWK
  /** Objects for the admin API to change and delete. */
  readonly spare: Readonly<Record<string, string>>
}

export interface Stage {
  readonly server: Server
  cast(): Promise<Cast>
  /** Makes the next cast a new one. */
  renew(): void
  /** Values that no answer may show. */
  readonly secrets: Set<string>
  /** Values that differ from server to server, by name: a saved request holds their names. */
  readonly names: Map<string, string>
}

/** A cast is renewed before its access tokens expire, and before all of its objects are deleted. */
const CAST_MS = 60_000

export async function createStage(server: Server): Promise<Stage> {
  const admin = await administrator(server)
  // all of the load comes from one address
  await admin.call('PATCH', '/settings', {
    limits: { anonymous_megabytes_per_hour: 10_000, backchannel_requests_per_hour: 10_000 },
    client_registration: { mode: 'open' },
    // a bent URL must not lead to the hosts of others
    client_documents: { mode: 'on', allow: ['127.0.0.1'] },
  })
  await admin.resource(API, ['posts:read', 'posts:write'], { open_scopes: ['posts:read'] })
  const host = await documentHost()
  const secrets = new Set([PASSWORD, ...keyFiles(server.keysDir)])
  const names = new Map<string, string>()
  let current: { cast: Promise<Cast>; at: number } | undefined

  async function make(): Promise<Cast> {
    const cast = await createCast(server, admin, host.document({ redirect_uris: [CALLBACK] }))
    for (const { key, secret } of [cast.web, cast.machine, cast.fapi2, cast.secret, cast.till]) {
      if (key.d !== undefined) secrets.add(key.d)
      if (secret !== undefined) secrets.add(secret)
    }
    names.clear()
    for (const [name, value] of Object.entries(valuesOf(cast, server))) names.set(name, value)
    return cast
  }

  return {
    server,
    secrets,
    names,
    renew: () => (current = undefined),
    cast() {
      if (current === undefined || Date.now() - current.at > CAST_MS) current = { cast: make(), at: Date.now() }
      return current.cast
    },
  }
}

async function createCast(server: Server, admin: Administrator, document: string): Promise<Cast> {
  const unique = Math.random().toString(36).slice(2, 10)
  const allow = { signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }] }
  const register = async (profile: string, also: object, isPublic = false): Promise<Machine> => {
    const client = await admin.client(profile, { ...allow, ...also })
    return { ...client, app: createApp(server, client, CALLBACK, isPublic) }
  }
  const uris = { redirect_uris: [CALLBACK] }
  const frontchannel = { frontchannel_logout_uri: new URL('/signed-out', CALLBACK).href }
  const web = await register('web', { ...uris, ...frontchannel, frontchannel_logout_session_required: true })
  const spa = await register('spa', uris, true)
  const machine = await register('machine', { signet_introspect: true })
  const fapi2 = await register('fapi2', uris)
  const secret = await admin.client('web', { ...allow, ...uris, token_endpoint_auth_method: 'client_secret_basic' })
  const own = await selfRegister(server, { client_name: unique, ...uris })
  const registered = { id: String(own.body['client_id']), token: String(own.body['registration_access_token']) }
  const device = await admin.client('device', allow)
  const waiting = await createDevice(server, device).begin()
  const reader = await register('machine', {
    signet_allow: [{ resource: `${server.issuer}/admin/v1`, scopes: ['clients:read'] }],
  })
  const who = { email: `ada-${unique}@example.com`, password: PASSWORD }
  await admin.account(who.email, PASSWORD)
  const till = await register('web', { ...POLLING_CLIENT, ...uris })
  const asked = await createCibaClient(server, till).begin({ login_hint: who.email })
  const browser = person(() => server)
  const everything = { scope: 'openid offline_access posts:read', resource: API }
  const first = await spa.app.redeem(await spa.app.code(browser, who, everything))
  const opaque = await web.app.redeem(await web.app.code(browser, who, { scope: 'openid email' }))
  const cli = { id: 'signet-cli', key: readKey(server), secret: undefined }
  const forAdmin = { grant_type: 'client_credentials', resource: `${server.issuer}/admin/v1` }
  const pair = await generateKeyPair('ES256', { extractable: true })
  const spare = await createSpare(admin, unique)
  return {
    web,
    spa,
    machine,
    fapi2,
    document,
    secret,
    registered,
    device,
    deviceCode: waiting.device_code,
    userCode: waiting.user_code,
    till,
    authReqId: asked.auth_req_id,
    browser,
    who,
    tokens: first.body,
    spare,
    opaque: tokenOf(opaque.body),
    machineToken: tokenOf((await machine.app.token({ grant_type: 'client_credentials', resource: API })).body),
    adminToken: tokenOf((await createApp(server, cli, CALLBACK).token(forAdmin)).body),
    readerToken: tokenOf((await reader.app.token(forAdmin)).body),
    proofKey: await exportJWK(pair.privateKey),
    proofPublicKey: await exportJWK(pair.publicKey),
  }
}

/** What the admin API's path parameters stand for. */
async function createSpare(admin: Administrator, unique: string): Promise<Record<string, string>> {
  const resource = `https://${unique}.example.com`
  await admin.resource(resource, ['things:read'])
  const client = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow: [{ resource, scopes: [] }] })
  const sub = await admin.account(`spare-${unique}@example.com`, PASSWORD)
  return { client_id: client.id, sub, resource }
}

function valuesOf(cast: Cast, { issuer, port }: Server): Record<string, string> {
  const ids = Object.fromEntries(
    (['web', 'spa', 'machine', 'fapi2', 'secret', 'device', 'till'] as const).map((name) => [name, cast[name].id]),
  )
  const { opaque, machineToken, adminToken, readerToken, deviceCode, userCode, authReqId } = cast
  const cookies = [...cast.browser.cookies.values()].filter((value) => value.length > 15)
  return {
    opaque,
    machineToken,
    adminToken,
    readerToken,
    registered: cast.registered.id,
    registrationToken: cast.registered.token,
    deviceCode,
    userCode,
    authReqId,
    ...cast.tokens,
    ...cast.spare,
    ...ids,
    ...Object.fromEntries(cookies.map((value, index) => [`cookie${index}`, value])),
    email: cast.who.email,
    issuer,
    host: `localhost:${port}`,
  }
}

function tokenOf(body: Readonly<Record<string, string>>): string {
  const token = body['access_token']
  if (token === undefined) throw new Error(`no access token: ${JSON.stringify(body)}`)
  return token
}

function readKey({ keysDir }: Server): JWK {
  return JSON.parse(readFileSync(join(keysDir, 'admin-cli.jwk.json'), 'utf8')) as JWK
}

function keyFiles(keysDir: string): string[] {
  const text = ['master.key'].flatMap((name) => {
    try {
      return readFileSync(join(keysDir, name), 'utf8').split(/[\s,]+/)
    } catch {
      return []
    }
  })
  const { d } = JSON.parse(readFileSync(join(keysDir, 'admin-cli.jwk.json'), 'utf8')) as JWK
  return [...text, d ?? ''].filter((value) => value.length > 20)
}
