/** Renders the pages that confirm who a person is by a code sent to them: the offer to send it, and the code's field. */
import { html } from '#pages/design/html.ts'
import { button, form, hidden, notice } from '#pages/design/components.ts'
import { type CodeFault, codeField } from '../mail/page.ts'
import type { StepPage, StepView } from '../send-step.ts'
import { TEXTS } from '../texts/texts.ts'

export type MailCodeProblem = 'stale' | 'busy' | 'tooMany' | 'tooManyMails'

export interface MailCodeView extends StepView {
  readonly clientName: string
  /** The address of the account. */
  readonly who: string
  /** Whether the server can send mail. */
  readonly available: boolean
  /** Whether a code was sent. */
  readonly sent: boolean
  readonly actions: { readonly send: string; readonly code: string; readonly restart: string; readonly cancel: string }
  readonly problem?: MailCodeProblem | undefined
  readonly fault?: CodeFault | undefined
}

const NOTICE = 'mail-code-notice'

export function mailCodePage(view: MailCodeView): StepPage {
  const { actions, available, clientName, csrfField, fault, language, problem, sent, who } = view
  const { byMail, code, mailCode, signIn } = TEXTS[language]
  const csrf = hidden(csrfField.name, csrfField.value)
  const title = sent ? byMail.codeTitle : mailCode.title
  const words = available ? (sent ? mailCode.sent(who) : mailCode.asks(who)) : mailCode.unavailable
  const submit = button({ label: byMail.submit, kind: 'primary' })
  const send = button({
    label: sent ? byMail.another : byMail.reset.submit,
    kind: sent ? 'quiet' : 'primary',
  })
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>${words}</p>
    </div>
    ${problem === undefined ? '' : notice(NOTICE, { ...code, ...byMail }[problem])}
    ${available && sent ? form(actions.code, html`${csrf}${codeField(language, fault)}${submit}`) : ''}
    ${available ? form(actions.send, html`${csrf}${send}`) : ''}
    <div class="close">
      ${form(actions.restart, html`${csrf}${button({ label: code.restart, kind: 'quiet' })}`)}
      ${form(actions.cancel, html`${csrf}${button({ label: code.cancel(clientName), kind: 'quiet' })}`)}
    </div>`
  return { title: problem === undefined && fault === undefined ? title : `${signIn.errorPrefix}: ${title}`, content }
}
