/** Renders the sign-in page: e-mail address, password, other methods, and the app that asks. */
import { html, type Html } from '#pages/design/html.ts'
import { button, field, form, hidden, notice } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { InteractionClient } from '#oidc/interactions/interaction-gateway.ts'
import { PASSKEY_AUTOCOMPLETE } from '#sign-in/passkey/parts.ts'
import { TEXTS } from '../texts/texts.ts'

/** Why the page is shown again. */
export type SignInProblem = 'mismatch' | 'busy' | 'tooMany' | 'stale' | 'passkey' | 'passkeyChanged'

export interface SignInView {
  readonly language: Language
  readonly client: InteractionClient
  /** The paths that its two forms are submitted to. */
  readonly actions: { readonly login: string; readonly cancel: string }
  readonly csrfField: { readonly name: string; readonly value: string }
  readonly identifier: string
  /** Whether the person is already signed in and must sign in again. */
  readonly again: boolean
  readonly missing?: readonly ('identifier' | 'password')[]
  readonly problem?: SignInProblem | undefined
  /** The paths to reset a password and to register, if offered. They are the same for everybody. */
  readonly ways?: { readonly reset?: string | undefined; readonly register?: string | undefined }
  /** The parts of other methods. They are the same for everybody. */
  readonly offers: readonly Html[]
  /** The e-mail address of the known person, if only a passkey is asked for. */
  readonly passkeyOf?: string | undefined
}

const NOTICE = 'sign-in-notice'

export function signInPage(view: SignInView): { title: string; content: Html } {
  const { language, client, actions, csrfField, missing = [], problem } = view
  const texts = TEXTS[language].signIn
  const csrf = hidden(csrfField.name, csrfField.value)
  const asks = view.again ? texts.again : texts.asks
  const { passkeyOf } = view
  const title = passkeyOf === undefined ? texts.title : texts.passkeyTitle
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>
        ${passkeyOf === undefined ? asks(client.name, client.redirectHost) : texts.passkeyAsks(client.name, passkeyOf)}
      </p>
    </div>
    ${problem === undefined ? '' : notice(NOTICE, texts[problem])}
    ${
      passkeyOf === undefined
        ? form(actions.login, html`${csrf}${fields(view)}${button({ label: texts.submit, kind: 'primary' })}`)
        : html`<p data-without-passkeys>${texts.passkeyNeedsScript}</p>`
    }
    ${view.offers}${passkeyOf === undefined ? otherWays(view) : ''}
    <div class="close">
      ${form(actions.cancel, html`${csrf}${button({ label: texts.cancel(client.name), kind: 'quiet' })}`)}
    </div>`
  const isWrong = problem !== undefined || missing.length > 0
  return { title: isWrong ? `${texts.errorPrefix}: ${title}` : title, content }
}

function otherWays({ language, ways = {} }: SignInView): Html | string {
  const texts = TEXTS[language].byMail
  const links = [
    ways.reset === undefined ? '' : html`<a href="${ways.reset}">${texts.forgot}</a>`,
    ways.register === undefined ? '' : html`<a href="${ways.register}">${texts.create}</a>`,
  ].filter((link) => link !== '')
  return links.length === 0 ? '' : html`<p class="ways">${links}</p>`
}

function fields({ language, identifier, missing = [], problem }: SignInView): Html {
  const texts = TEXTS[language].signIn
  const describedBy = problem === 'mismatch' ? NOTICE : undefined
  const identifierIsMissing = missing.includes('identifier')
  return html`${field({
    name: 'identifier',
    label: texts.identifier,
    type: 'text',
    autocomplete: PASSKEY_AUTOCOMPLETE,
    inputmode: 'email',
    value: identifier,
    error: identifierIsMissing ? texts.identifierMissing : undefined,
    describedBy,
    focus: identifierIsMissing || identifier === '',
  })}${field({
    name: 'password',
    label: texts.password,
    type: 'password',
    autocomplete: 'current-password',
    error: missing.includes('password') ? texts.passwordMissing : undefined,
    describedBy,
    focus: !identifierIsMissing && identifier !== '',
  })}`
}
