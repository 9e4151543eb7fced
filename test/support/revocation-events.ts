/** The events of the revocation matrix; each is sent to the first process. */
import { exportJWK, generateKeyPair } from 'jose'
import { createDatabase } from '#database/pool.ts'
import { createLinkStore } from '#federation/link-store.ts'
import { runSignet } from '../cli/support/signet.ts'
import { administrator, PASSWORD } from './administrator.ts'
import { createApp } from './app.ts'
import { devMail } from './dev-mail.ts'
import { person } from './person.ts'
import { addPasskey, atOwnPage, newPassword } from './own-page.ts'
import { asSuperuser, backUp, restore } from './postgres.ts'
import { CALLBACK, type Holder, type Holdings, SCOPES, type Stage } from './revocation-holdings.ts'
import { eventually, SOON_MS } from './eventually.ts'
import { aMinuteAgo, letTimePass } from './passed-time.ts'

export type Happen = (stage: Stage, holdings: Holdings) => Promise<void>

/** The events by the heading of their row. */
export const EVENTS: Readonly<Record<string, Happen>> = {
  'The person signs out': async ({ first }, { browser }) => {
    const page = await browser.visit(`${first.issuer}/logout`)
    await browser.submit(page, {}, { name: 'logout', value: 'yes' })
  },
  'An administrator ends the session': async ({ admin }, { sub }) => {
    const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
    for (const { id } of items) await admin.call('DELETE', `/accounts/${sub}/sessions/${id}`)
  },
  'The person ends the session': async (stage, holdings) => {
    const { admin } = stage
    const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${holdings.sub}/sessions`)
    const elsewhere = await atOwnPage(stage, holdings)
    for (const { id } of items) await elsewhere.send('/sessions', `value="${id}"`)
  },
  'The person signs out everywhere else': async (stage, holdings) => {
    await (await atOwnPage(stage, holdings)).send('/sessions', 'value="others"')
  },
  'The person changes their password elsewhere, and signs out everywhere else': async (stage, holdings) => {
    await (await atOwnPage(stage, holdings)).send('/password', 'name="next"', newPassword(holdings))
  },
  'The person changes their password in this browser': async (stage, holdings) => {
    await (await atOwnPage(stage, holdings, holdings.browser)).send('/password', 'name="next"', newPassword(holdings))
  },
  'The person changes another way to sign in': async (stage, holdings) => {
    await addPasskey(stage, await atOwnPage(stage, holdings))
  },
  'The person removes the app': async (stage, holdings) => {
    const elsewhere = await atOwnPage(stage, holdings)
    for (const id of allowedIds(holdings)) await elsewhere.send('/apps', `value="${id}"`)
  },
  'The person deletes their account': async (stage, holdings) => {
    const elsewhere = await atOwnPage(stage, holdings)
    await elsewhere.send('/data', 'value="delete"', { email: holdings.who.email })
  },
  'Another person signs in with the same browser': async ({ admin, visitor }, { browser, sub }) => {
    const who = { email: `after-${sub}@example.com`, password: PASSWORD }
    await admin.account(who.email, who.password)
    await browser.authorize(visitor.begin({ prompt: 'login' }).url, who)
  },
  'An account is disabled': ({ admin }, { sub }) => admin.call('POST', `/accounts/${sub}/disable`),
  'An account is disabled and enabled again': async ({ admin }, { sub }) => {
    await admin.call('POST', `/accounts/${sub}/disable`)
    await admin.call('POST', `/accounts/${sub}/enable`)
  },
  'A person resets their forgotten password': async ({ first }, { resetLink }) => {
    const browser = person(() => first)
    const page = await browser.submit(await browser.visit(resetLink), {})
    const { html } = await browser.submit(page, { password: `${PASSWORD} once more` })
    if (!html.includes('Your password is changed')) throw new Error('the password was not reset')
  },
  'An invitation is accepted': async ({ admin, first }, { sub, who }) => {
    await admin.call('PATCH', '/settings', { registration: { mode: 'invited' } })
    // nobody is invited to an account that they can sign in to
    const text = 'DELETE FROM password_credentials WHERE account_sub = $1'
    await asSuperuser((db) => db.query(text, [sub]), first.databaseUrl)
    await admin.call('POST', `/accounts/${sub}/invite`)
    const { link } = await devMail(first, who.email, '/invitation')
    const browser = person(() => first)
    const { html } = await browser.submit(await browser.visit(link), { name: 'Ada', password: `${PASSWORD} once more` })
    if (!html.includes('Your account is ready')) throw new Error('the invitation was not accepted')
  },
  "An administrator changes an account's address": ({ admin }, { sub }) =>
    admin.call('PATCH', `/accounts/${sub}`, { email: `moved-${sub.toLowerCase()}@example.com` }),
  'An account is deleted': ({ admin }, { sub }) => admin.call('DELETE', `/accounts/${sub}`),
  'A consent is withdrawn': async ({ admin }, holdings) => {
    for (const id of allowedIds(holdings)) await admin.call('DELETE', `/accounts/${holdings.sub}/grants/${id}`)
  },
  'An upstream provider that vouches for the person is disabled and deleted': async ({ first, admin }, { sub }) => {
    const id = `gone-${sub
      .slice(-6)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, 'x')}`
    await admin.call('POST', '/upstreams', { id, issuer: 'https://id.example', client_id: 'us' })
    const db = createDatabase({ url: first.databaseUrl, poolSize: 1 })
    await createLinkStore(db).add({ upstream: id, subject: 'somebody' }, sub)
    await db.close()
    await admin.call('PATCH', `/upstreams/${id}`, { enabled: false })
    await admin.call('DELETE', `/upstreams/${id}`)
  },
  'A client is disabled': async ({ admin }, holdings) => {
    for (const id of clientIds(holdings)) await admin.call('POST', `/clients/${id}/disable`)
  },
  'A client is disabled and enabled again': async (stage, holdings) => {
    for (const id of clientIds(holdings)) await stage.admin.call('POST', `/clients/${id}/disable`)
    await until(async () => (await refreshOffline(stage, holdings)).status === 401, 'the client is not disabled')
    for (const id of clientIds(holdings)) await stage.admin.call('POST', `/clients/${id}/enable`)
    await until(async () => (await refreshOffline(stage, holdings)).status === 200, 'the client is not enabled')
  },
  'A client is deleted': async ({ admin }, holdings) => {
    for (const id of clientIds(holdings)) await admin.call('DELETE', `/clients/${id}`)
  },
  "A client's key or secret is revoked": async (stage, holdings) => {
    await changeKey(stage, holdings.holder)
    await changeKey(stage, holdings.machine)
    await changeSecret(stage, holdings)
  },
  'A scope is taken away from a client': async (stage, holdings) => {
    const allowance = `allowances/${encodeURIComponent(holdings.resource)}`
    for (const id of clientIds(holdings)) {
      await stage.admin.call('PUT', `/clients/${id}/${allowance}`, { scopes: [SCOPES[0]] })
    }
    const lacksIt = async () => !(await refreshOffline(stage, holdings)).body['scope']?.includes(SCOPES[1])
    await until(lacksIt, 'the scope is given')
  },
  'A resource is deleted': ({ admin }, { resource }) =>
    admin.call('DELETE', `/resources/${encodeURIComponent(resource)}`),
  'A refresh token is revoked': async (_stage, { refreshing, refreshToken, offline, offlineToken }) => {
    const answers = [
      await refreshing.app.call('/revoke', { token: refreshToken }),
      await offline.app.call('/revoke', { token: offlineToken, client_secret: offline.secret }),
    ]
    if (answers.some(({ status }) => status !== 200)) throw new Error('a revocation was refused')
  },
  'One JWT access token is revoked': async (_stage, { holder, jwt }) => {
    const { status } = await holder.app.call('/revoke', { token: jwt })
    if (status !== 200) throw new Error('the revocation was refused')
  },
  'A refresh token is stolen and used twice': async (_stage, holdings) => {
    const stolen = holdings.refreshToken
    for (let generation = 0; generation < 2; generation++) {
      const { body } = await holdings.refreshing.app.refresh(holdings.refreshToken)
      holdings.refreshToken = body['refresh_token'] as string
    }
    await isRefused(holdings.refreshing.app.refresh(stolen))
  },
  'A code is used twice': async ({ first }, { holder, spentCode }) => {
    // in the first second it counts as a concurrent request
    await letTimePass(first.databaseUrl, 2, holder.client.id)
    await isRefused(holder.app.redeem(spentCode))
  },
  'The database is restored from a backup': async (stage) => {
    const servers = [stage.first, stage.second]
    const { databaseUrl, keysDir, issuer } = stage.first
    for (const server of servers) await server.stop()
    await aMinuteAgo(databaseUrl)
    await restore(databaseUrl, await backUp(databaseUrl))
    const env = { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: databaseUrl }
    const { code, stderr } = await runSignet(['restore-epoch', '--yes'], { dir: keysDir, env })
    if (code !== 0) throw new Error(`restore-epoch: ${stderr}`)
    for (const server of servers) await server.restart()
    stage.admin = await administrator(stage.first)
  },
}

/** Events that invalidate everything, so they need their own processes. */
export const ALONE = new Set(['The database is restored from a backup'])

/** Events that need a holder with a key. */
export const WITH_KEY = new Set(["A client's key or secret is revoked"])

/** Returns the ids of the apps that the person allowed something. */
function allowedIds({ holder, refreshing, device, asking, offline }: Holdings): Set<string> {
  const others = [device.client.id, asking.client.id]
  return new Set([holder.client.id, refreshing.client.id, ...others, offline.client.id])
}

/** The app that tests wait for comes last. */
function clientIds(holdings: Holdings): Set<string> {
  return new Set([holdings.registered.id, holdings.machine.client.id, ...allowedIds(holdings)])
}

async function isRefused(answer: Promise<{ status: number; body: Record<string, string> }>): Promise<void> {
  const { status, body } = await answer
  if (status !== 400 || body['error'] !== 'invalid_grant')
    throw new Error(`not refused: ${status} ${JSON.stringify(body)}`)
}

/** Gives the holder a new key and waits until the second process refuses the old one. */
async function changeKey({ first, second, admin }: Stage, holder: Holder): Promise<void> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const common = { alg: 'ES256', use: 'sig', kid: 'k2' }
  const path = `/clients/${holder.client.id}/keys`
  await admin.call('POST', path, { ...(await exportJWK(pair.publicKey)), ...common })
  await admin.call('DELETE', `${path}/k1`)
  const before = holder.app
  holder.client = { ...holder.client, key: { ...(await exportJWK(pair.privateKey)), ...common } }
  holder.app = createApp(first, holder.client, CALLBACK)
  await untilUnauthorized(() => before.call('/introspect', { token: 'any' }, second))
}

async function changeSecret({ second, admin }: Stage, { offline }: Holdings): Promise<void> {
  const path = `/clients/${offline.client.id}/secrets`
  const { items } = await admin.call<{ items: { id: string }[] }>('GET', path)
  const { client_secret: secret } = await admin.call<{ client_secret: string }>('POST', path)
  for (const { id } of items) await admin.call('DELETE', `${path}/${id}`)
  const before = offline.secret
  offline.secret = secret
  await untilUnauthorized(() => offline.app.call('/introspect', { token: 'any', client_secret: before }, second))
}

/** Refreshes on the second process. This client is the last one that an event changes. */
function refreshOffline({ second }: Stage, { offline, offlineToken }: Holdings) {
  return offline.app.refresh(offlineToken, { client_secret: offline.secret }, second)
}

function untilUnauthorized(ask: () => Promise<{ status: number }>): Promise<void> {
  return until(async () => (await ask()).status === 401, 'what was revoked authenticates')
}

async function until(condition: () => Promise<boolean>, otherwise: string): Promise<void> {
  await eventually(condition, SOON_MS, () => `${otherwise} on the other process`)
}
