/** Renders the pages of registration and reset: the address, the code, and the new password or account. */
import { html, type Html } from '#pages/design/html.ts'
import { button, field, form, hidden, notice } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { PasswordProblem } from '#sign-in/errors.ts'
import { TEXTS } from '../texts/texts.ts'

/** A problem of the form as a whole. */
export type MailProblem = 'stale' | 'busy' | 'tooMany' | 'tooManyMails' | 'over' | 'taken'

export type CodeFault = 'missing' | 'mismatch'

export interface MailView {
  readonly language: Language
  readonly purpose: 'reset' | 'register'
  /** The name of the app that the person continues to. */
  readonly clientName: string
  /** The path that the form is submitted to. */
  readonly action: string
  readonly csrfField: { readonly name: string; readonly value: string }
  readonly address: string
  readonly problem?: MailProblem | undefined
  /** The path of the sign-in page, if the person came from it. */
  readonly back?: string
  /** Further hidden fields. */
  readonly kept?: readonly { readonly name: string; readonly value: string }[]
}

type Rendered = { title: string; content: Html }

const NOTICE = 'mail-notice'

/** Asks for the address to send the mail to. */
export function addressPage(view: MailView & { readonly fault?: 'missing' | 'wrong' | undefined }): Rendered {
  const { language, purpose, clientName, address, fault } = view
  const texts = TEXTS[language].byMail
  const own = texts[purpose]
  const error = fault && { missing: texts.emailMissing, wrong: texts.emailWrong }[fault]
  const fields = field({
    name: 'email',
    label: texts.email,
    type: 'text',
    autocomplete: 'username',
    inputmode: 'email',
    value: address,
    error,
    focus: true,
  })
  return page(view, {
    title: own.title,
    words: own.asks(clientName),
    fields,
    submit: own.submit,
    isWrong: error !== undefined,
  })
}

/** Asks for the code; says the same whether or not the address has an account. */
export function mailCodePage(
  view: MailView & { readonly fault?: CodeFault | undefined; readonly another: string },
): Rendered {
  const { language, purpose, address, fault, another } = view
  const texts = TEXTS[language].byMail
  return page(view, {
    title: texts.codeTitle,
    words: texts[purpose].codeAsks(address),
    fields: codeField(language, fault),
    submit: texts.submit,
    ways: html`<a href="${another}">${texts.another}</a>`,
    isWrong: fault !== undefined,
  })
}

/** Returns the field for a code from a mail. */
export function codeField(language: Language, fault: CodeFault | undefined): Html {
  const texts = TEXTS[language].byMail
  return field({
    name: 'code',
    label: texts.code,
    help: texts.codeHelp,
    type: 'text',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    error: fault && { missing: texts.codeMissing, mismatch: texts.codeWrong }[fault],
    focus: true,
  })
}

/** Errors of the chosen name and password. */
export interface ChoiceFaults {
  readonly name?: boolean
  /** `same`: it equals the password to replace. */
  readonly password?: PasswordProblem | 'missing' | 'same' | undefined
}

/** Asks for the new password after the address is proven, and for the name if the account is new. */
export function lastPage(
  view: MailView & { readonly name: string; readonly faults: ChoiceFaults; readonly isInvited?: boolean },
): Rendered {
  const { language, purpose, address, name, faults, isInvited = false } = view
  const { [purpose]: own, invitation } = TEXTS[language].byMail
  return page(view, {
    title: isInvited ? invitation.title : own.lastTitle,
    words: isInvited ? invitation.asks(address) : own.lastAsks(address),
    fields: choiceFields({ language, address, faults, ...(purpose === 'register' ? { name } : {}) }),
    submit: own.lastSubmit,
    isWrong: faults.name === true || faults.password !== undefined,
  })
}

/** Returns the fields for the new password and the name (if given), and the address for password managers. */
export function choiceFields(given: {
  language: Language
  address: string
  faults: ChoiceFaults
  name?: string
  /** Whether the password field gets the focus. */
  focus?: boolean
}): Html {
  const { language, address, faults, name, focus = name === undefined } = given
  const texts = TEXTS[language].byMail
  const { password: fault } = faults
  const asked = name === undefined ? '' : nameField(language, name, faults)
  return html`<input type="text" name="username" value="${address}" autocomplete="username" hidden />${asked}${field({
      name: 'password',
      label: name === undefined ? texts.newPassword : texts.password,
      help: texts.passwordHelp,
      type: 'password',
      autocomplete: 'new-password',
      error: passwordError(language, fault),
      focus: focus || (name !== undefined && fault !== undefined && faults.name !== true),
    })}`
}

function passwordError(language: Language, fault: ChoiceFaults['password']): string | undefined {
  const { change, passwordMissing, passwordProblem } = TEXTS[language].byMail
  return fault && { missing: passwordMissing, same: change.same, ...passwordProblem }[fault]
}

function nameField(language: Language, name: string, faults: ChoiceFaults): Html {
  const texts = TEXTS[language].byMail
  return field({
    name: 'name',
    label: texts.name,
    type: 'text',
    autocomplete: 'name',
    prose: true,
    value: name,
    error: faults.name === true ? texts.nameWrong : undefined,
    focus: faults.name === true || faults.password === undefined,
  })
}

interface Parts {
  readonly title: string
  readonly words: Html
  readonly fields: Html
  readonly submit: string
  readonly ways?: Html
  /** Whether a field has an error. */
  readonly isWrong: boolean
}

function page(view: MailView, { title, words, fields, submit, ways, isWrong }: Parts): Rendered {
  const { language, action, csrfField, problem, back, kept = [] } = view
  const keeps = [csrfField, ...kept].map(({ name, value }) => hidden(name, value))
  const texts = TEXTS[language]
  const said = problem === undefined ? undefined : { ...texts.code, ...texts.byMail }[problem]
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>${words}</p>
    </div>
    ${said === undefined ? '' : notice(NOTICE, said)}
    ${form(action, html`${keeps}${fields}${button({ label: submit, kind: 'primary' })}`)}
    ${back === undefined ? '' : html`<p class="ways">${ways ?? ''} <a href="${back}">${texts.byMail.back}</a></p>`}`
  return { title: isWrong || said !== undefined ? `${texts.signIn.errorPrefix}: ${title}` : title, content }
}
