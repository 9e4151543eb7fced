/** Renders the page that asks for a second proof: an authenticator app's code, or a recovery code. */
import { html, type Html } from '#pages/design/html.ts'
import { button, field, form, hidden, notice } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { InteractionClient } from '#oidc/interactions/interaction-gateway.ts'
import { TEXTS } from '../texts/texts.ts'

export type CodeProblem = 'mismatch' | 'missing' | 'stale' | 'busy' | 'tooMany' | 'locked'

export interface CodeView {
  readonly language: Language
  readonly client: InteractionClient
  /** The person's e-mail address, known from the first proof. */
  readonly who: string
  readonly actions: { readonly code: string; readonly restart: string; readonly cancel: string }
  readonly csrfField: { readonly name: string; readonly value: string }
  /** Whether to ask for a recovery code instead of an app's code. */
  readonly isRecoveryCode: boolean
  /** The URL of this page for the other kind of code. */
  readonly otherKind: string
  /** The parts of other methods that are accepted as well. */
  readonly offers: readonly Html[]
  readonly problem?: CodeProblem | undefined
}

const NOTICE = 'code-notice'

export function codePage(view: CodeView): { title: string; content: Html } {
  const { language, client, actions, csrfField, isRecoveryCode, problem, who } = view
  const texts = TEXTS[language].code
  const kind = isRecoveryCode ? texts.recoveryCode : texts.app
  const csrf = hidden(csrfField.name, csrfField.value)
  const noticed = problem === undefined || problem === 'missing' ? undefined : { ...texts, ...kind }[problem]
  const content = html`<div class="lines">
      <h1>${kind.title}</h1>
      <p>${kind.asks(who)}</p>
    </div>
    ${noticed === undefined ? '' : notice(NOTICE, noticed)}
    ${form(
      actions.code,
      html`${csrf}${field({
        name: 'code',
        label: kind.label,
        type: 'text',
        autocomplete: isRecoveryCode ? 'off' : 'one-time-code',
        ...(isRecoveryCode ? {} : { inputmode: 'numeric' as const }),
        error: problem === 'missing' ? kind.missing : undefined,
        describedBy: problem === 'mismatch' ? NOTICE : undefined,
        focus: true,
      })}${hidden('kind', isRecoveryCode ? 'paper' : 'app')}${button({ label: texts.submit, kind: 'primary' })}`,
    )}
    ${view.offers}
    <p class="ways"><a href="${view.otherKind}">${kind.other}</a></p>
    <div class="close">
      ${form(actions.restart, html`${csrf}${button({ label: texts.restart, kind: 'quiet' })}`)}
      ${form(actions.cancel, html`${csrf}${button({ label: texts.cancel(client.name), kind: 'quiet' })}`)}
    </div>`
  return { title: problem === undefined ? kind.title : `${texts.errorPrefix}: ${kind.title}`, content }
}
