/** Renders the question before a sign-out and the page after it. */
import { html, type Html } from '#pages/design/html.ts'
import { button, form, hidden } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import { TEXTS } from '../texts/texts.ts'

/** The engine's sign-out form: its action, and the value that ties it to the session. */
export interface EngineForm {
  readonly action: string
  readonly xsrf: string
}

/** Reads the engine's form, so that we can render our own. Throws TypeError if its HTML has changed. */
export function readEngineForm(engineForm: string): EngineForm {
  const action = / action="([^"]+)"/.exec(engineForm)?.[1]
  const xsrf = / name="xsrf" value="([^"]+)"/.exec(engineForm)?.[1]
  if (action === undefined || xsrf === undefined) throw new TypeError('the sign-out form of the engine has changed')
  return { action, xsrf }
}

export interface SignOutView {
  readonly language: Language
  readonly form: EngineForm
  readonly who: string | undefined
  /** The name of the app that requested it. */
  readonly clientName: string | undefined
}

export function signOutPage(view: SignOutView): { title: string; content: Html } {
  const { language, who, clientName } = view
  const texts = TEXTS[language].signOut
  const byApp = clientName === undefined ? '' : html`<p>${texts.byApp(clientName)}</p>`
  // RP-Initiated Logout 1.0 §2: the person must confirm; the xsrf value shows that they were on this page
  const question = html`${hidden('xsrf', view.form.xsrf)}${button({
    label: texts.submit,
    kind: 'primary',
    name: 'logout',
    value: 'yes',
  })}`
  const content = html`<div class="lines">
      <h1>${texts.title}</h1>
      <p>${texts.words(who)}</p>
      ${byApp}
    </div>
    ${form(view.form.action, question)}
    <p class="small">${texts.stay}</p>`
  return { title: texts.title, content }
}

export function signedOutPage(language: Language, clientName: string | undefined): { title: string; content: Html } {
  const texts = TEXTS[language].signOut
  const words = clientName === undefined ? texts.doneWords : texts.doneBack(clientName)
  return {
    title: texts.done,
    content: html`<div class="lines">
      <h1>${texts.done}</h1>
      <p>${words}</p>
    </div>`,
  }
}
