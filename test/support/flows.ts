/** All flows that send secrets; a new flow adds itself here, so that what it stores is searched too. */
import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import { administrator } from './administrator.ts'
import { createApp } from './app.ts'
import { devMail } from './dev-mail.ts'
import { DOCUMENT_CALLBACK, documentHost } from './document-host.ts'
import { ALLOWED, CALLBACK, type Flow, FLOW_API, type FlowContext, SCOPE } from './flow.ts'
import { FLOWS_WITHOUT_BROWSER } from './flows-without-browser.ts'
import { forgedProvider } from './forged-provider.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from './live-passkey.ts'
import { addPasskey, atOwnPage, codeOf, newPassword } from './own-page.ts'
import { type Person, person } from './person.ts'
import { register, registrationRequest } from './registration.ts'
import type { Server } from './server.ts'

export const FLOWS: readonly Flow[] = [
  {
    name: 'a web app: code, refresh, introspection, revocation, sign-out',
    async run({ server, admin, person: somebody }) {
      const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
      const browser = person(() => server)
      const { body } = await app.redeem(await app.code(browser, await somebody(), { scope: SCOPE, resource: FLOW_API }))
      await app.refresh(body['refresh_token'] as string)
      await app.call('/introspect', { token: body['refresh_token'] as string })
      const opaque = await app.redeem(await app.code(browser, { email: '', password: '' }, { scope: 'openid email' }))
      await server.fetch('/userinfo', { headers: { authorization: `Bearer ${opaque.body['access_token']}` } })
      await app.call('/revoke', { token: opaque.body['access_token'] as string })
      const question = await browser.visit(`${server.issuer}/logout`)
      await browser.submit(question, {}, { name: 'logout', value: 'yes' })
      await browser.visit(`${server.issuer}/logout?id_token_hint=${body['id_token']}`)
    },
  },
  {
    name: 'a browser app: rotating refresh tokens, one that is left unused',
    async run({ server, admin, person: somebody }) {
      const app = createApp(server, await admin.client('spa', ALLOWED), CALLBACK, true)
      const { body } = await app.redeem(
        await app.code(
          person(() => server),
          await somebody(),
          { scope: SCOPE, resource: FLOW_API },
        ),
      )
      const next = await app.refresh(body['refresh_token'] as string)
      await app.refresh(body['refresh_token'] as string)
      await app.refresh(next.body['refresh_token'] as string)
    },
  },
  {
    name: 'an app with pairwise subjects and encrypted answers, which asks for single claims',
    async run({ server, admin, person: somebody }) {
      const { publicKey } = await generateKeyPair('ECDH-ES', { extractable: true })
      const members = {
        redirect_uris: ['https://pairwise.example/cb'],
        subject_type: 'pairwise',
        jwks: { keys: [{ ...(await exportJWK(publicKey)), use: 'enc' }] },
        id_token_encrypted_response_alg: 'ECDH-ES',
        userinfo_encrypted_response_alg: 'ECDH-ES',
      }
      const app = createApp(server, await admin.client('spa', members), members.redirect_uris[0] as string, true)
      const { email, password } = await somebody()
      const claims = JSON.stringify({ userinfo: { email: { essential: true } } })
      const { body } = await app.redeem(
        await app.code(
          person(() => server),
          { email, password },
          { claims },
        ),
      )
      await server.fetch('/userinfo', { headers: { authorization: `Bearer ${body['access_token']}` } })
    },
  },
  {
    name: 'a pushed request, a code that nobody redeems and a sign-in that nobody finishes',
    async run({ server, admin, person: somebody }) {
      const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
      const who = await somebody()
      const pushed = await app.push(app.begin({ scope: 'openid', login_hint: who.email }).params)
      await person(() => server).visit(
        `${server.issuer}/authorize?client_id=${new URL(app.begin().url).searchParams.get('client_id')}&request_uri=${pushed.body['request_uri']}`,
      )
      await app.code(
        person(() => server),
        who,
      )
      const refused = person(() => server)
      await refused.submit(await refused.visit(app.begin().url), {
        identifier: who.email,
        password: randomBytes(12).toString('base64url'),
      })
    },
  },
  ...FLOWS_WITHOUT_BROWSER,
  {
    name: 'a passkey that signs in, and one that is refused',
    async run({ server, admin, databaseUrl, person: somebody }) {
      const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
      const { sub } = await somebody()
      const passkey = await enrolPasskey({ issuer: server.issuer, databaseUrl }, sub)
      const browser = person(() => server)
      const page = await browser.visit(app.begin().url)
      const again = await submitPasskey(browser, page, passkey.assertion(passkeyRequestOf(page), { verified: false }))
      await browser.visit(`${new URL(page.url).pathname}/passkey/options`)
      await submitPasskey(browser, again, passkey.assertion(passkeyRequestOf(again)))
    },
  },
  {
    name: "a person's own page: another password, an authenticator app, recovery codes, a passkey, their data",
    async run({ server, person: somebody }) {
      const who = await somebody()
      const own = await atOwnPage({ first: server }, { who })
      const begun = await own.send('/authenticator', 'value="begin"')
      await own.send('/authenticator', 'name="code"', { code: codeOf(begun) })
      await own.send('/recovery-codes', 'button primary')
      await addPasskey({ first: server }, own)
      await own.send('/data', 'value="export"')
      await own.send('/password', 'name="next"', newPassword({ who }))
    },
  },
  {
    name: 'an account that a person makes, a password that they forget, and an invitation',
    async run({ server, admin, person: somebody }) {
      await admin.call('PATCH', '/settings', { registration: { mode: 'open' } })
      const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
      const fresh = () => randomBytes(12).toString('base64url')
      const { email, sub } = await somebody()
      for (const [kind, address] of [
        ['register', `new-${email}`],
        ['forgot', email],
      ] as const) {
        const browser = person(() => server)
        const { pathname } = new URL((await browser.visit(app.begin().url)).url)
        const page = await browser.submit(await browser.visit(`${pathname}/${kind}`), { email: address })
        const { code } = await devMail(server, address, kind === 'forgot' ? '/reset-password' : '/confirm-email')
        const last = await browser.submit(page, { code })
        await browser.submit(last, { password: fresh(), ...(kind === 'register' ? { name: 'Ada' } : {}) })
      }
      await admin.call('POST', `/accounts/${sub}/reset-password`)
      const invited = await admin.call<{ sub: string }>('POST', '/accounts', { email: `guest-${email}` })
      await admin.call('POST', `/accounts/${invited.sub}/invite`)
      const reset = (await devMail(server, email, '/reset-password?token=')).link
      for (const link of [reset, (await devMail(server, `guest-${email}`, '/invitation')).link]) {
        const browser = person(() => server)
        const page = await browser.visit(link)
        const last = link === reset ? await browser.submit(page, {}) : page
        await browser.submit(last, { password: fresh(), ...(link === reset ? {} : { name: 'Ada' }) })
      }
    },
  },
  {
    name: 'an upstream provider: one who comes back, and one who does not',
    async run({ server, admin }) {
      const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
      const provider = await forgedProvider('our-id-there')
      await admin.call('POST', '/upstreams', {
        id: 'elsewhere',
        issuer: provider.issuer,
        client_id: 'our-id-there',
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: randomBytes(16).toString('base64url'),
        just_in_time: true,
      })
      const leave = async (browser: Person) => {
        const page = await browser.visit(app.begin().url)
        const { left } = await browser.visit(`${new URL(page.url).pathname}/upstream/elsewhere`)
        return Object.fromEntries(left?.searchParams ?? [])
      }
      await leave(person(() => server))
      const browser = person(() => server)
      const { state = '', nonce } = await leave(browser)
      provider.claims = { nonce, sub: 'somebody', email: 'somebody@elsewhere.example', email_verified: true }
      const code = randomBytes(16).toString('base64url')
      await browser.visit(`/upstream/callback/elsewhere?${new URLSearchParams({ code, state }).toString()}`)
      // the address of the account that the person must prove to own
      await admin.account('both@elsewhere.example', randomBytes(12).toString('base64url'))
      const both = person(() => server)
      const second = await leave(both)
      provider.claims = { nonce: second['nonce'], sub: 'other', email: 'both@elsewhere.example', email_verified: true }
      const answer = new URLSearchParams({ code: randomBytes(16).toString('base64url'), state: second['state'] ?? '' })
      await both.visit(`/upstream/callback/elsewhere?${answer.toString()}`)
    },
  },
  {
    name: 'an app that describes itself by a document',
    async run({ server, admin, person: somebody }) {
      await admin.call('PATCH', '/settings', { client_documents: { mode: 'on' } })
      const host = await documentHost()
      const app = createApp(server, { id: host.document(), key: {}, secret: undefined }, DOCUMENT_CALLBACK, true)
      const browser = person(() => server)
      const { body } = await app.redeem(await app.code(browser, await somebody(), { scope: 'openid offline_access' }))
      await app.refresh(body['refresh_token'] as string)
    },
  },
  {
    name: 'machines: by assertion and by secret',
    async run({ server, admin }) {
      const machine = createApp(server, await admin.client('machine', { signet_allow: ALLOWED.signet_allow }), CALLBACK)
      await machine.token({ grant_type: 'client_credentials' })
      const bySecret = await admin.client('machine', {
        signet_allow: ALLOWED.signet_allow,
        token_endpoint_auth_method: 'client_secret_basic',
      })
      const basic = Buffer.from(`${bySecret.id}:${bySecret.secret}`).toString('base64')
      await server.fetch('/token', {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
    },
  },
  {
    name: 'a client that registers with a token of an administrator, changes itself, and one that is shared',
    async run({ server, admin }) {
      await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
      const { token } = await admin.call<{ token: string }>('POST', '/registration-tokens', { max_uses: 2 })
      const metadata = { client_name: 'Itself', redirect_uris: [CALLBACK] }
      const { body } = await register(server, metadata, token)
      const id = body['client_id'] as string
      const own = { token: body['registration_access_token'] as string, metadata: { client_id: id, ...metadata } }
      await registrationRequest(server, 'PUT', id, own)
      await register(server, { ...metadata, token_endpoint_auth_method: 'none' })
    },
  },
]

/** Runs every flow once, with the resource and accounts that it needs; calls `after` after each. */
export async function runFlows(
  server: Server,
  after: (flow: Flow) => void = () => undefined,
  databaseUrl = server.databaseUrl,
): Promise<void> {
  const admin = await administrator(server)
  await admin.resource(FLOW_API, ['posts:read'])
  let people = 0
  const context: FlowContext = {
    server,
    admin,
    databaseUrl,
    async person() {
      const who = { email: `somebody${people++}@example.com`, password: randomBytes(12).toString('base64url') }
      return { ...who, sub: await admin.account(who.email, who.password) }
    },
  }
  for (const flow of FLOWS) {
    await flow.run(context)
    after(flow)
  }
}
