/** What a person and their apps hold, and whether each artefact is still valid. */
import { decodeJwt } from 'jose'
import { type Administrator, PASSWORD, type RegisteredClient } from './administrator.ts'
import { type App, createApp } from './app.ts'
import { answerOf, cookieHeader, person, type Person } from './person.ts'
import { register as selfRegister, registrationRequest } from './registration.ts'
import type { Server } from './server.ts'
import { atOwnPage } from './own-page.ts'
import { listedStatus } from './status-list.ts'
import { devMail } from './dev-mail.ts'
import { answerAtOwnPage, type CibaClient, createCibaClient, POLLING_CLIENT, type RequestAnswer } from './ciba.ts'
import { connect, createDevice, type Device } from './device.ts'
import { eventually, SOON_MS } from './eventually.ts'
import { keepValid } from './passed-time.ts'

export const CALLBACK = 'http://localhost:5000/callback'
export const SCOPES = ['posts:read', 'posts:write'] as const

/**
 * Two processes, and two apps that all tests share: `gateway` introspects tokens, `visitor` signs people in and pushes
 * requests.
 */
export interface Stage {
  readonly first: Server
  readonly second: Server
  /** Replaced by one with a new token after an event has ended all tokens. */
  admin: Administrator
  readonly gateway: App
  readonly visitor: App
}

/** An app with its registration. */
export interface Holder {
  client: RegisteredClient
  app: App
}

export interface Holdings {
  readonly sub: string
  readonly who: { readonly email: string; readonly password: string }
  readonly resource: string
  readonly browser: Person
  /** The session's cookies before the event. */
  readonly cookie: string
  /** The app with code, access tokens and pushed request; it authenticates with a key if it has one. */
  readonly holder: Holder
  /** The browser app with the refresh token; the same app unless the holder has a key. */
  readonly refreshing: Holder
  /** The app with the offline refresh token and a secret. */
  readonly offline: Holder & { secret: string }
  /** A public device that the browser connected: its refresh token, and an approved code whose tokens it has not fetched. */
  readonly device: {
    readonly client: RegisteredClient
    readonly at: Device
    refreshToken: string
    readonly code: string
  }
  /** An app that asks without a browser: a request that the person has approved, and one that waits for them. */
  readonly asking: {
    readonly client: RegisteredClient
    readonly at: CibaClient
    readonly approved: RequestAnswer
    readonly waiting: RequestAnswer
  }
  /** A machine client with a key, and its token. */
  readonly machine: Holder & { token: string }
  /** An app that registered itself, and its registration access token. */
  readonly registered: { readonly id: string; readonly token: string }
  readonly initialAccessToken: string
  refreshToken: string
  readonly offlineToken: string
  readonly jwt: string
  readonly opaque: string
  readonly code: { code: string; verifier: string }
  /** A redeemed code of the holder. */
  readonly spentCode: { code: string; verifier: string }
  readonly requestUri: string
  /** A link by which an administrator started a reset of the password. */
  readonly resetLink: string
}

let seen = 0

/** Signs a new person in to new apps. `withKey`: the holder is a server-side app with a key. */
export async function hold(stage: Stage, { withKey = false } = {}): Promise<Holdings> {
  const { first, admin, visitor } = stage
  const number = seen++
  const resource = `https://api-${number}.example.com`
  const who = { email: `person${number}@example.com`, password: PASSWORD }
  await admin.resource(resource, SCOPES)
  const sub = await admin.account(who.email, who.password)
  await admin.call('POST', `/accounts/${sub}/reset-password`)
  const allowed = { redirect_uris: [CALLBACK], signet_allow: [{ resource, scopes: SCOPES }] }
  const spa = await register(stage, 'spa', allowed)
  const holder = withKey ? await register(stage, 'web', allowed) : spa
  const machine = await register(stage, 'machine', { signet_allow: allowed.signet_allow })
  const offline = await register(stage, 'web', { ...allowed, token_endpoint_auth_method: 'client_secret_post' })
  const secret = offline.client.secret as string

  const browser = person(() => first)
  await visitor.code(browser, who)
  const api = { scope: `openid ${SCOPES.join(' ')}`, resource }
  const kept = await offline.app.redeem(
    await offline.app.code(browser, who, { ...api, scope: `${api.scope} offline_access` }),
    { client_secret: secret },
  )
  const rotating = withKey ? await spa.app.redeem(await spa.app.code(browser, who, api)) : undefined
  const spentCode = await holder.app.code(browser, who, api)
  const tokens = await holder.app.redeem(spentCode)
  const opaque = await holder.app.redeem(await holder.app.code(browser, who, { scope: 'openid' }))
  const pushed = await holder.app.push(holder.app.begin(api).params)
  const forMachine = await machine.app.token({ grant_type: 'client_credentials', resource })
  const device = await connectDevices(stage, { browser, who, api })
  const asking = await askTwice(stage, { browser, who, api })
  const code = await holder.app.code(browser, who, api)
  const registered = await registerItself(stage)
  const initial = await admin.call<{ token: string }>('POST', '/registration-tokens', {})
  const { link: resetLink } = await devMail(first, who.email, '/reset-password')
  await keepValid(first.databaseUrl, holder.client.id)
  return {
    sub,
    who,
    resource,
    browser,
    cookie: cookieHeader(browser.cookies),
    holder,
    refreshing: spa,
    offline: { ...offline, secret },
    device,
    asking,
    machine: { ...machine, token: present(forMachine.body['access_token']) },
    registered,
    initialAccessToken: initial.token,
    refreshToken: present((rotating ?? tokens).body['refresh_token']),
    offlineToken: present(kept.body['refresh_token']),
    jwt: present(tokens.body['access_token']),
    opaque: present(opaque.body['access_token']),
    code,
    spentCode,
    requestUri: present(pushed.body['request_uri']),
    resetLink,
  }
}

interface Connecting {
  readonly browser: Person
  readonly who: Holdings['who']
  readonly api: { readonly scope: string; readonly resource: string }
}

/** Connects two devices of one client in the browser, and lets one of them fetch its tokens. */
async function connectDevices({ first, admin }: Stage, { browser, who, api }: Connecting): Promise<Holdings['device']> {
  const client = await admin.client('device', { signet_allow: [{ resource: api.resource, scopes: SCOPES }] })
  const at = createDevice(first, client)
  const [fetched, waiting] = [await at.begin(api), await at.begin(api)]
  for (const { user_code: userCode } of [fetched, waiting]) await connect(browser, userCode, who)
  const { body } = await at.poll(fetched)
  return { client, at, refreshToken: present(body['refresh_token']), code: waiting.device_code }
}

/** Asks the person for two approvals without a browser, of which they give one. */
async function askTwice({ first, admin }: Stage, { browser, who, api }: Connecting): Promise<Holdings['asking']> {
  const client = await admin.client('web', {
    ...POLLING_CLIENT,
    signet_allow: [{ resource: api.resource, scopes: SCOPES }],
  })
  const at = createCibaClient(first, client)
  const request = { ...api, login_hint: who.email }
  const approved = await at.begin(request)
  await answerAtOwnPage(await atOwnPage({ first }, { who }, browser), 'allow')
  return { client, at, approved, waiting: await at.begin(request) }
}

async function register({ first, admin }: Stage, profile: string, also: Record<string, unknown>): Promise<Holder> {
  const client = await admin.client(profile, also)
  const isPublic = profile === 'spa' || client.secret !== undefined
  return { client, app: createApp(first, client, CALLBACK, isPublic) }
}

async function registerItself({ first, admin }: Stage): Promise<Holdings['registered']> {
  const { token } = await admin.call<{ token: string }>('POST', '/registration-tokens', {})
  const { body } = await selfRegister(first, { redirect_uris: [CALLBACK] }, token)
  return { id: String(body['client_id']), token: String(body['registration_access_token']) }
}

function present(value: string | undefined): string {
  if (value === undefined) throw new Error('something is missing of what the apps should hold')
  return value
}

/** The result of a check, on the other process than the one of the event. */
export interface Verdict {
  readonly isAlive: boolean
  /** The scopes that it grants, if any. */
  readonly scopes?: readonly string[]
}

export type Check = (stage: Stage, holdings: Holdings) => Promise<Verdict>

/** The checks by the heading of their column. Single-use artefacts come last. */
export const CHECKS: Readonly<Record<string, Check>> = {
  Session: async ({ second, visitor }, { cookie }) => {
    const { url } = visitor.begin({ prompt: 'none' })
    const response = await second.fetch(url, { headers: { cookie }, redirect: 'manual' })
    const answer = answerOf(new URL(response.headers.get('location') ?? 'x:/'))
    if (answer['code'] === undefined && answer['error'] !== 'login_required') {
      throw new Error(`neither signed in nor out: ${JSON.stringify(answer)}`)
    }
    return { isAlive: answer['code'] !== undefined }
  },
  'Opaque access token': async ({ second, gateway }, { opaque }) => {
    const info = await second.fetch('/userinfo', { headers: { authorization: `Bearer ${opaque}` } })
    const { body } = await gateway.call('/introspect', { token: opaque }, second)
    return { isAlive: info.status === 200 || body['active'] !== (false as unknown) }
  },
  'JWT access token, by introspection': async ({ second, gateway }, { jwt }) => {
    const { body } = await gateway.call('/introspect', { token: jwt }, second)
    return { isAlive: body['active'] === (true as unknown) }
  },
  'JWT access token, by status list': async ({ second }, { jwt }) => ({
    isAlive: (await listedStatus(second, jwt)) === 0,
  }),
  'Machine access token': async ({ second, gateway }, { machine }) => {
    const { body } = await gateway.call('/introspect', { token: machine.token }, second)
    return { isAlive: body['active'] === (true as unknown) }
  },
  'Machine access token, by status list': async ({ second }, { machine }) => ({
    isAlive: (await listedStatus(second, machine.token)) === 0,
  }),
  'Registration access token': async ({ second }, { registered: { id, token } }) => {
    const { status } = await registrationRequest(second, 'GET', id, { token })
    if (![200, 401, 403].includes(status)) throw new Error(`neither good nor over: ${status}`)
    return { isAlive: status === 200 }
  },
  'Initial access token': async ({ second }, { initialAccessToken }) => {
    // metadata that is refused does not use the token
    const { status } = await selfRegister(second, { redirect_uris: [] }, initialAccessToken)
    if (status !== 400 && status !== 401) throw new Error(`neither good nor over: ${status}`)
    return { isAlive: status === 400 }
  },
  'Offline refresh token': async ({ second }, { offline, offlineToken }) =>
    tokenVerdict(await offline.app.refresh(offlineToken, { client_secret: offline.secret }, second)),
  'Refresh token': async ({ second }, holdings) => {
    const answer = await holdings.refreshing.app.refresh(holdings.refreshToken, {}, second)
    if (answer.status === 200) holdings.refreshToken = answer.body['refresh_token'] as string
    return tokenVerdict(answer)
  },
  'Device refresh token': async ({ second }, { device }) => {
    const answer = await device.at.refresh(device.refreshToken, second)
    if (answer.status === 200) device.refreshToken = answer.body['refresh_token'] as string
    return tokenVerdict(answer)
  },
  'Device code': async ({ second }, { device }) =>
    tokenVerdict(await device.at.poll({ device_code: device.code }, second)),
  'Waiting backchannel request': async ({ second }, { asking }) => {
    const { status, body } = await asking.at.poll(asking.waiting, second)
    if (status !== 400 && status !== 401) throw new Error(`neither waiting nor over: ${status}`)
    return { isAlive: ['authorization_pending', 'slow_down'].includes(String(body['error'])) }
  },
  'Approved backchannel request': async ({ second }, { asking }) =>
    tokenVerdict(await asking.at.poll(asking.approved, second)),
  Code: async ({ second }, { holder, code }) => tokenVerdict(await holder.app.redeem(code, {}, second)),
  'Password reset link': async ({ second }, { resetLink }) => {
    const browser = person(() => second)
    const { status } = await browser.submit(await browser.visit(resetLink), {})
    if (status !== 200 && status !== 410) throw new Error(`neither good nor over: ${status}`)
    return { isAlive: status === 200 }
  },
  'Pushed request': async ({ second, admin }, { holder, requestUri }) => {
    const who = { email: `stranger${seen++}@example.com`, password: PASSWORD }
    await admin.account(who.email, who.password)
    const query = new URLSearchParams({ client_id: holder.client.id, request_uri: requestUri })
    const reached = await person(() => second)
      .authorize(`${second.issuer}/authorize?${query.toString()}`, who)
      .catch(() => undefined)
    return { isAlive: reached !== undefined && answerOf(reached)['code'] !== undefined }
  },
}

function tokenVerdict({ status, body }: { status: number; body: Record<string, string> }): Verdict {
  if (status >= 500) throw new Error(`${status} ${JSON.stringify(body)}`)
  if (status !== 200) return { isAlive: false }
  const { scope } = decodeJwt<{ scope?: string }>(body['access_token'] as string)
  return { isAlive: true, scopes: (scope ?? '').split(' ') }
}

/** Repeats the check until it has the expected result or the time is over. */
export async function soon(ask: () => Promise<Verdict>, isAlive: boolean): Promise<Verdict> {
  let verdict = await ask()
  const isAsItWillBe = async () => (verdict = await ask()).isAlive === isAlive
  if (verdict.isAlive !== isAlive) await eventually(isAsItWillBe, SOON_MS).catch(() => undefined)
  return verdict
}
