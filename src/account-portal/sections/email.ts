/** `/account/email`: verifies the current or a new address, by a code or link sent to it. */
import { html, type Html } from '#pages/design/html.ts'
import { emailOf } from '#accounts/email.ts'
import type { Form } from '#http/body.ts'
import { button, field, hidden } from '#pages/design/components.ts'
import { rows, section, sheet } from '#pages/design/work-components.ts'
import type { EmailAddress } from '#verification/email-address.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Answer, Section, ShownAgain, Visit } from '../visit.ts'

export interface EmailDeps {
  readonly layout: Layout
  readonly emailAddress: EmailAddress
}

export function createEmailSection(deps: EmailDeps): Section {
  const { emailAddress, layout } = deps
  return {
    name: 'email',
    // confirming needs no recent proof: requesting the mail already required one in the same session
    isGuarded: (form) => form.one('act') === 'ask',
    show: (visit, again) => show(deps, visit, again),

    async answer(visit, form) {
      if (!emailAddress.available) {
        await show(deps, visit)
        return undefined
      }
      if (form.one('act') === 'ask') return ask(deps, visit, (form.one('email') ?? '').trim())
      const confirmed = await emailAddress.confirm(handleOf(visit), given(visit, form), visit.by)
      if (confirmed) {
        layout.tell(visit, 'profile', 'emailConfirmed')
        return undefined
      }
      const message = TEXTS[visit.language].email.wrong
      await show(deps, visit, { status: 422, errors: [{ field: 'code', message }] })
      return undefined
    },
  }
}

/** Binds the link and the code to the session that asked for them. */
function handleOf({ session }: Visit): string {
  return `session ${session.uid}`
}

function given({ account }: Visit, form: Form): Parameters<EmailAddress['confirm']>[1] {
  const token = form.one('token')
  const { id: accountId } = account
  return token === undefined ? { accountId, code: form.one('code') ?? '' } : { accountId, token }
}

async function ask({ emailAddress, layout }: EmailDeps, visit: Visit, typed: string): Promise<Answer> {
  const { account, by, language } = visit
  const address = emailOf(typed)
  if (address === undefined) {
    const errors = [{ field: 'email', message: TEXTS[language].email.invalid }]
    await show({ emailAddress, layout }, visit, { status: 422, errors, values: { email: typed } })
    return undefined
  }
  await emailAddress.ask(handleOf(visit), { account, address, language, path: '/account/email' }, by)
  layout.paths.lead(visit.ctx, layout.paths.section('email'))
  return undefined
}

async function show({ emailAddress, layout }: EmailDeps, visit: Visit, again?: ShownAgain): Promise<void> {
  const { account, ctx, isFresh, language } = visit
  const texts = TEXTS[language].email
  const state = account.emailVerified ? TEXTS[language].profile.verified : TEXTS[language].profile.unverified
  const present = sheet(rows([{ name: account.email, state }]))
  const send = (content: Html) => layout.send(visit, { name: 'email', again, content: html`${present}${content}` })
  if (!emailAddress.available) return send(sheet(html`<p>${texts.unavailable}</p>`))
  const { token } = ctx.query
  // opening the link changes nothing, because mail scanners open links too
  if (ctx.method === 'GET' && typeof token === 'string') return send(linkSection(layout, visit, token))
  const asked = await emailAddress.asked(handleOf(visit), account.id)
  const code = asked === undefined ? '' : codeSection(layout, visit, { asked, again })
  const other = isFresh
    ? askSection(layout, visit, { kind: asked === undefined ? 'primary' : 'secondary', again })
    : layout.confirm(visit, 'email')
  await send(html`${code}${other}`)
}

function linkSection(layout: Layout, visit: Visit, token: string): Html {
  const texts = TEXTS[visit.language].email
  const content = html`${hidden('token', token)}${button({ label: texts.confirm, kind: 'primary' })}`
  return section({ id: 'link', heading: texts.linkHeading, content: layout.form(visit, 'email', content) })
}

function codeSection(
  layout: Layout,
  visit: Visit,
  { asked, again }: { readonly asked: string; readonly again: ShownAgain | undefined },
): Html {
  const texts = TEXTS[visit.language].email
  const code = field({
    name: 'code',
    label: texts.code,
    type: 'text',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    error: again?.errors?.find((one) => one.field === 'code')?.message,
  })
  const content = html`${hidden('act', 'confirm')}${code}${button({ label: texts.confirm, kind: 'primary' })}`
  return section({
    id: 'sent',
    heading: texts.sentHeading,
    lead: texts.sent(asked),
    content: layout.form(visit, 'email', content),
  })
}

function askSection(
  layout: Layout,
  visit: Visit,
  { kind, again }: { readonly kind: 'primary' | 'secondary'; readonly again: ShownAgain | undefined },
): Html {
  const texts = TEXTS[visit.language].email
  const { account } = visit
  const email = field({
    name: 'email',
    label: texts.address,
    type: 'email',
    autocomplete: 'email',
    value: again?.values?.['email'] ?? (account.emailVerified ? '' : account.email),
    error: again?.errors?.find((one) => one.field === 'email')?.message,
  })
  const content = html`${hidden('act', 'ask')}${email}${button({ label: texts.ask, kind })}`
  return section({
    id: 'ask',
    heading: account.emailVerified ? texts.changeHeading : texts.proveHeading,
    lead: texts.askLead,
    content: layout.form(visit, 'email', content),
  })
}
