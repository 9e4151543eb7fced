/** Serves the pages that mail links open, in any browser. They set a password and do not sign the person in. */
import Router from '@koa/router'
import { html, type Html } from '#pages/design/html.ts'
import type { Context, Middleware } from 'koa'
import { AccountExists, AccountInvalid } from '#accounts/errors.ts'
import type { Form } from '#http/body.ts'
import { type Csrf, forgedForm } from '#http/csrf.ts'
import { button, buttonLink, form as formElement, hidden, notice } from '#pages/design/components.ts'
import { chooseLanguage, type Language } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import type { EmailVerifications } from '#verification/email-verification/email-verification.ts'
import { type PasswordReset, RESET_PATH } from '#verification/password-reset.ts'
import { REGISTRATION_PATH, type Registration } from '#verification/registration.ts'
import { PasswordInvalid } from '#sign-in/errors.ts'
import { INVITATION_PATH, type Invitations } from '#verification/invitation/invitations.ts'
import { type ChoiceFaults, lastPage, type MailProblem } from './page.ts'
import { anonymous } from '../paths.ts'
import { delayOf } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

export interface MailLinksDeps {
  readonly issuer: string
  readonly csrf: Csrf
  readonly emailVerifications: EmailVerifications
  readonly passwordReset: Pick<PasswordReset, 'finish'>
  readonly registration: Pick<Registration, 'create'>
  readonly invitations: Pick<Invitations, 'find' | 'accept'>
}

type Purpose = 'reset' | 'register'

/** The errors and values for a page that is shown again. */
interface Again {
  readonly status?: number
  readonly problem?: MailProblem
  readonly name?: string
  readonly faults?: ChoiceFaults
}

/** The proven address, and the value that identifies the proof in the form that follows. */
interface Shown extends Again {
  readonly purpose: Purpose
  readonly address: string
  readonly kept: { readonly name: 'ticket' | 'token'; readonly value: string }
}

export const MAIL_LINK_PATHS = { reset: RESET_PATH, register: REGISTRATION_PATH, invitation: INVITATION_PATH } as const

/** Binds the CSRF fields to these pages. */
const BINDING = 'mail link'

export function createMailLinks(deps: MailLinksDeps): Middleware {
  const router = new Router()
  for (const purpose of ['reset', 'register'] as const) {
    const path = MAIL_LINK_PATHS[purpose]
    // opening the link spends nothing, because mail scanners open links too; sending the form does
    router.get(path, (ctx) => confirm(deps, ctx, purpose))
    router.post(path, (ctx) => answered(deps, ctx, (form) => prove(deps, ctx, { purpose, form })))
    router.post(`${path}/last`, (ctx) => answered(deps, ctx, (form) => finish(deps, ctx, { purpose, form })))
  }
  router.get(INVITATION_PATH, (ctx) => invited(deps, ctx, { token: one(ctx, 'token') }))
  router.post(INVITATION_PATH, (ctx) => answered(deps, ctx, (form) => accept(deps, ctx, form)))
  const routes = router.routes()
  const paths = Object.values(MAIL_LINK_PATHS)
  return async (ctx, next) => {
    await (paths.some((path) => ctx.path.startsWith(path)) ? routes(ctx as never, next) : next())
  }
}

/** Reads and handles a form of these pages. If there were too many attempts, says how long to wait. */
async function answered(deps: MailLinksDeps, ctx: Context, answer: (form: Form) => Promise<void>): Promise<void> {
  const form = await deps.csrf.readForm(ctx, BINDING)
  if (!form) throw forgedForm()
  try {
    await answer(form)
  } catch (error) {
    const delayed = delayOf(ctx, error)
    if (!delayed) throw error
    const language = chooseLanguage(ctx)
    const texts = TEXTS[language]
    const title = texts.error.titles.busy
    const content = notice('mail-notice', { ...texts.code, ...texts.byMail }[delayed.problem])
    await send(ctx, { language, title, content, status: delayed.status })
  }
}

async function confirm(deps: MailLinksDeps, ctx: Context, purpose: Purpose): Promise<void> {
  const [token, at] = [one(ctx, 'token'), one(ctx, 'at')]
  if (token === undefined) return over(ctx, 'link')
  const language = chooseLanguage(ctx)
  const { link, reset, submit } = TEXTS[language].byMail
  const title = purpose === 'reset' ? reset.lastTitle : link.registerTitle
  const kept = html`${csrf(deps, ctx)}${hidden('token', token)}${at === undefined ? '' : hidden('at', at)}`
  const words = purpose === 'reset' ? link.resetWords : link.registerWords
  const content = formElement(pathOf(deps, purpose), html`${kept}${button({ label: submit, kind: 'primary' })}`)
  await send(ctx, { language, title, words, content })
}

async function prove(deps: MailLinksDeps, ctx: Context, given: { purpose: Purpose; form: Form }): Promise<void> {
  const { purpose, form } = given
  const link = { purpose, token: form.one('token') ?? '', at: form.one('at') }
  const ticket = await deps.emailVerifications.proveByLink(link, anonymous(ctx))
  const verification = ticket === undefined ? undefined : await deps.emailVerifications.find(ticket, purpose)
  if (ticket === undefined || !verification) return over(ctx, 'link')
  await ask(deps, ctx, { purpose, address: verification.address, kept: { name: 'ticket', value: ticket } })
}

async function finish(deps: MailLinksDeps, ctx: Context, given: { purpose: Purpose; form: Form }): Promise<void> {
  const { purpose, form } = given
  const ticket = form.one('ticket') ?? ''
  const verification = await deps.emailVerifications.find(ticket, purpose)
  if (!verification?.proven) return over(ctx, 'link')
  const { address } = verification
  const shown: Shown = { purpose, address, kept: { name: 'ticket', value: ticket } }
  await choose(deps, ctx, { form, shown }, async ({ name, password }) => {
    const by = anonymous(ctx)
    const account = await (purpose === 'reset'
      ? deps.passwordReset.finish(ticket, password, by)
      : deps.registration.create(ticket, { name, password, language: chooseLanguage(ctx) }, by))
    if (account) await done(deps, ctx, purpose)
    else await over(ctx, 'link')
  })
}

async function invited(
  deps: MailLinksDeps,
  ctx: Context,
  { token, ...again }: { token: string | undefined } & Again,
): Promise<void> {
  const account = token === undefined ? undefined : await deps.invitations.find(token)
  if (token === undefined || !account) return over(ctx, 'invitation')
  const name = account.name ?? ''
  await ask(deps, ctx, {
    purpose: 'register',
    address: account.email,
    kept: { name: 'token', value: token },
    name,
    ...again,
  })
}

async function accept(deps: MailLinksDeps, ctx: Context, form: Form): Promise<void> {
  const token = form.one('token') ?? ''
  const account = await deps.invitations.find(token)
  if (!account) return over(ctx, 'invitation')
  const shown: Shown = { purpose: 'register', address: account.email, kept: { name: 'token', value: token } }
  await choose(deps, ctx, { form, shown }, async (chosen) => {
    if (await deps.invitations.accept(token, chosen, anonymous(ctx))) await done(deps, ctx, 'register')
    else await over(ctx, 'invitation')
  })
}

/** Calls `use` with the name and password, or shows the form again with what is wrong. */
async function choose(
  deps: MailLinksDeps,
  ctx: Context,
  { form, shown }: { form: Form; shown: Shown },
  use: (chosen: { name: string; password: string }) => Promise<void>,
): Promise<void> {
  const password = form.one('password') ?? ''
  const name = (form.one('name') ?? '').trim()
  const again = (more: Again) => ask(deps, ctx, { ...shown, name, status: 422, ...more })
  const empty: ChoiceFaults = {
    ...(shown.purpose === 'register' && name === '' ? { name: true } : {}),
    ...(password === '' ? { password: 'missing' } : {}),
  }
  if (Object.keys(empty).length > 0) return again({ faults: empty })
  try {
    await use({ name, password })
  } catch (error) {
    if (error instanceof PasswordInvalid) return again({ faults: { password: error.problem } })
    if (error instanceof AccountInvalid) return again({ faults: { name: true } })
    if (error instanceof AccountExists) return again({ problem: 'taken' })
    throw error
  }
}

async function ask(deps: MailLinksDeps, ctx: Context, shown: Shown): Promise<void> {
  const { purpose, address, kept, problem, name = '', faults = {}, status = 200 } = shown
  const language = chooseLanguage(ctx)
  const isInvited = kept.name === 'token'
  const path = pathOf(deps, isInvited ? 'invitation' : purpose)
  const page = lastPage({
    language,
    purpose,
    clientName: '',
    action: isInvited ? path : `${path}/last`,
    csrfField: deps.csrf.field(ctx, BINDING),
    address,
    problem,
    kept: [kept],
    name,
    faults,
    isInvited,
  })
  await sendPage(ctx, { language, ...page, status })
}

async function done(deps: MailLinksDeps, ctx: Context, purpose: Purpose): Promise<void> {
  const language = chooseLanguage(ctx)
  const { link } = TEXTS[language].byMail
  const [title, words] = purpose === 'reset' ? [link.resetDone, link.resetDoneWords] : [link.created, link.createdWords]
  const content = buttonLink({ href: `${baseOf(deps)}/account`, label: link.account, kind: 'primary' })
  await send(ctx, { language, title, words, content })
}

/** Shows that the link is no longer valid (RFC 9110 §15.5.11). The page does not reveal whether it ever was. */
async function over(ctx: Context, kind: 'link' | 'invitation'): Promise<void> {
  const language = chooseLanguage(ctx)
  const { link, invitation } = TEXTS[language].byMail
  const words = kind === 'link' ? link.overWords : invitation.overWords
  await send(ctx, { language, title: link.over, words, status: 410 })
}

async function send(
  ctx: Context,
  page: { language: Language; title: string; words?: string; content?: Html; status?: number },
): Promise<void> {
  const { title, words } = page
  const content = html`<div class="lines">
      <h1>${title}</h1>
      ${words === undefined ? '' : html`<p>${words}</p>`}
    </div>
    ${page.content ?? ''}`
  await sendPage(ctx, { ...page, content })
}

function csrf(deps: MailLinksDeps, ctx: Context) {
  const { name, value } = deps.csrf.field(ctx, BINDING)
  return hidden(name, value)
}

function pathOf(deps: MailLinksDeps, kind: keyof typeof MAIL_LINK_PATHS): string {
  return baseOf(deps) + MAIL_LINK_PATHS[kind]
}

/** Returns the issuer's path. It is never taken from the request. */
function baseOf({ issuer }: MailLinksDeps): string {
  return new URL(issuer).pathname.replace(/\/$/, '')
}

/** Returns a query parameter; undefined if it is missing, empty or repeated. */
function one(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
