/** Renders the pages for a device: its code, the comparison before a person signs in, and what became of it. */
import { nameOfDevice } from '#http/device.ts'
import type { FormField } from '#http/csrf.ts'
import type { DeviceEnd, InteractionClient, WaitingDevice } from '#oidc/interactions/interaction-gateway.ts'
import { html, type Html } from '#pages/design/html.ts'
import { button, buttonLink, facts, field, form, hidden, hint, notice } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import type { StepPage, StepView } from '../send-step.ts'
import { TEXTS } from '../texts/texts.ts'

/** Why the page for the code is shown again. */
export type CodeProblem = 'missing' | 'unknown' | 'expired' | 'decided' | 'tooMany' | 'stale'

export interface CodeView {
  readonly language: Language
  readonly action: string
  readonly csrfField: FormField
  /** The code that a link carried or the person typed. */
  readonly code: string
  /** Whether a link carried the code, so that the person compares it. */
  readonly isCarried: boolean
  readonly problem?: CodeProblem | undefined
}

const NOTICE = 'device-notice'
const ABOUT_FIELD: ReadonlySet<CodeProblem> = new Set(['missing', 'unknown', 'expired', 'decided'])

export function codePage({ language, action, csrfField, code, isCarried, problem }: CodeView): StepPage {
  const texts = TEXTS[language].device
  const isOfField = problem !== undefined && ABOUT_FIELD.has(problem)
  const input = field({
    name: 'user_code',
    label: texts.label,
    type: 'text',
    autocomplete: 'off',
    value: code,
    error: isOfField ? texts[problem] : undefined,
    focus: !isCarried,
  })
  const content = html`<div class="lines">
      <h1>${texts.title}</h1>
      <p>${isCarried ? texts.carried : texts.asks}</p>
    </div>
    ${problem === undefined || isOfField ? '' : notice(NOTICE, texts[problem])}
    ${form(
      action,
      html`${hidden(csrfField.name, csrfField.value)}${input}${button({ label: texts.submit, kind: 'primary' })}`,
    )}
    ${hint(texts.warning)}`
  return { title: problem === undefined ? texts.title : `${texts.errorPrefix}: ${texts.title}`, content }
}

export interface CompareView extends StepView {
  readonly client: InteractionClient
  readonly action: string
  readonly waiting: WaitingDevice
  /** What the device asks for, in words. */
  readonly scopes: readonly string[]
  /** The e-mail address of the signed-in person. */
  readonly who: string | undefined
  /** The form was forged or too old. */
  readonly isStale: boolean
}

export function comparePage(view: CompareView): StepPage {
  const { language, client, action, csrfField, waiting, scopes, who, isStale } = view
  const texts = TEXTS[language].device
  const { compare } = texts
  const buttons = html`<div class="pair">
    ${button({ label: compare.allow, kind: 'primary', name: 'decision', value: 'allow' })}${button({ label: compare.deny, name: 'decision', value: 'deny' })}
  </div>`
  const from = [waiting.address, nameOfDevice(waiting.device)].filter((part) => part !== undefined).join(' · ')
  const content = html`<div class="lines">
      <h1>${compare.heading(client.name)}</h1>
      <p>${who === undefined ? compare.asks(client.name) : compare.asksWho(client.name, who)}</p>
      <p class="user-code" dir="ltr">${waiting.userCode}</p>
    </div>
    ${isStale ? notice(NOTICE, texts.stale) : ''} ${list(compare.scopes, scopes)}
    ${client.unverified ? hint(ASKED_TEXTS[language].unverified(client.name)) : ''}
    <p><strong>${compare.question}</strong> ${compare.warning}</p>
    ${form(action, html`${hidden(csrfField.name, csrfField.value)}${buttons}`)} ${facts([[compare.from, from]])}`
  return { title: compare.title(client.name), content }
}

function list(heading: string, items: readonly string[]): Html {
  return html`<section class="lines">
    <h2>${heading}</h2>
    <ul class="scopes" role="list">
      ${items.map((words) => html`<li><bdi>${words}</bdi></li>`)}
    </ul>
  </section>`
}

export interface EndView {
  readonly language: Language
  readonly end: DeviceEnd
  readonly clientName: string
  /** The path of the page for another code. */
  readonly codePath: string
}

/** RFC 9110 §15.5.11: 410 for a code that is over. */
const STATUS = { approved: 200, denied: 200, decided: 410, expired: 410 } as const satisfies Record<DeviceEnd, number>

export function endPage({ language, end, clientName, codePath }: EndView): StepPage & { readonly status: number } {
  const texts = TEXTS[language].device
  const { title, words } = texts.ends[end]
  const status = STATUS[end]
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>${words(clientName)}</p>
    </div>
    ${status === 200 ? '' : buttonLink({ href: codePath, label: texts.again, kind: 'primary' })}`
  return { title, content, status }
}
