/** Pages put together of the parts about passkeys, for one person on an origin of its own: to add, to list, to sign in. */
import type { AddressInfo } from 'node:net'
import { html } from '#pages/design/html.ts'
import Koa, { type Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import { SYSTEM } from '#audit/audit.ts'
import { createCsrf, forgedForm } from '#http/csrf.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { securityHeaders } from '#http/security-headers.ts'
import { AppError } from '#shared/app-error.ts'
import { systemClock } from '#shared/clock.ts'
import { answerPasskeyForm } from '#sign-in/passkey/account-forms.ts'
import { PASSKEY_AUTOCOMPLETE, passkeyAddition, passkeyList, passkeySignIn } from '#sign-in/passkey/parts.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { openRooms } from '../support/rooms.ts'

const BINDING = 'session 1'

export interface PasskeyPages {
  readonly origin: string
  readonly account: Account
  readonly passkeys: ReturnType<typeof createPasskeys>
}

/** `/` is the person's own page, `/in` the one to sign in with; what comes of it is the heading. */
export async function startPasskeyPages(databaseUrl: string, email: string): Promise<PasskeyPages> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const rooms = await openRooms(databaseUrl)
  const passkeys = createPasskeys({ ...rooms, clock: systemClock, issuer: origin, brand: () => 'Signet' })
  const csrf = createCsrf({ keys: rooms.keyring.derive('csrf'), issuer: origin })
  const account = await rooms.accounts.create({ email, name: 'Ada Lovelace' }, SYSTEM)
  const csrfField = (ctx: Context) => csrf.field(ctx, BINDING)
  const checkedForm = async (ctx: Context) => {
    const form = await csrf.readForm(ctx, BINDING)
    if (!form) throw forgedForm()
    return form
  }

  async function ownPage(ctx: Context, title: string): Promise<void> {
    const language = chooseLanguage(ctx)
    const sent = { language, action: '/', csrfField: csrfField(ctx) }
    const options = await passkeys.registrationOptions(account, BINDING)
    const addition = passkeyAddition({ ...sent, options, renewPath: '/options' })
    const list = passkeyList({ ...sent, passkeys: await passkeys.list(account.id) })
    const content = html`<h1>${title}</h1>
      <h2>Passkeys</h2>
      ${list}${addition.content}`
    await sendPage(ctx, { language, title, content, policy: addition.policy })
  }

  async function signInPage(ctx: Context, title: string): Promise<void> {
    const language = chooseLanguage(ctx)
    const sent = { language, action: '/in', csrfField: csrfField(ctx) }
    const button = passkeySignIn({ ...sent, options: passkeys.options(BINDING), renewPath: '/in/options' })
    const content = html`<h1>${title}</h1>
      <label>Name <input name="identifier" autocomplete="${PASSKEY_AUTOCOMPLETE}" /></label>
      ${button.content}`
    await sendPage(ctx, { language, title, content, policy: button.policy })
  }

  const routes: Record<string, (ctx: Context) => Promise<void>> = {
    'GET /': (ctx) => ownPage(ctx, 'Your account'),
    'GET /in': (ctx) => signInPage(ctx, 'Sign in'),
    'GET /options': async (ctx) => {
      ctx.body = await passkeys.registrationOptions(account, BINDING)
    },
    async 'POST /'(ctx) {
      const by = { actor: { kind: 'account', id: account.id } } as const
      const change = await answerPasskeyForm(passkeys, await checkedForm(ctx), { account, binding: BINDING, by }).catch(
        (error: unknown) => (error instanceof AppError ? error.code : Promise.reject(error as Error)),
      )
      await ownPage(ctx, change ?? 'nothing')
    },
    async 'POST /in'(ctx) {
      const credential = (await checkedForm(ctx)).one('credential')
      const proof = await passkeys.verify({ credential, binding: BINDING }, SYSTEM)
      await signInPage(ctx, proof ? `${proof.account.email} by ${proof.amr.join(' ')}` : 'refused')
    },
  }

  const app = new Koa()
  app.use(securityHeaders({ issuer: origin }))
  app.use((ctx) => routes[`${ctx.method} ${ctx.path}`]?.(ctx))
  const server = app.listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  atEnd(() => server.close())
  if ((server.address() as AddressInfo).port !== port) throw new Error('the port was taken')
  return { origin, account, passkeys }
}
