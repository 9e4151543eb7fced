/** Renders the pages about upstream providers: the way to one, and the outcome. */
import { html, type Html } from '#pages/design/html.ts'
import type { Context } from 'koa'
import { button, buttonLink, form, hidden } from '#pages/design/components.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { UpstreamOutcome } from '#federation/upstream-sign-in.ts'
import { sendStep, type StepView } from '../send-step.ts'
import type { StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

/** The kind of page, and the names in it. */
export interface UpstreamPage {
  readonly kind: keyof typeof STATUS
  readonly name?: string | undefined
  readonly who?: string
  readonly href?: string
}

/** RFC 9110 §15.5.4: 403 if the sign-in is refused. The other outcomes are no error, or not the person's. */
const STATUS = {
  led: 200,
  offer: 200,
  cancelled: 200,
  refused: 403,
  no_account: 403,
  no_email: 403,
  unavailable: 503,
  login_required: 200,
} as const

/** Returns the page for an outcome without a sign-in. */
export function pageOf(outcome: Exclude<UpstreamOutcome, { kind: 'proof' }>): UpstreamPage {
  const name = outcome.upstream?.name
  if (outcome.kind === 'unlinked') return { kind: outcome.why, name }
  return outcome.kind === 'offer' ? { kind: 'offer', name, who: outcome.email } : { kind: outcome.kind, name }
}

export async function showUpstreamPage(
  deps: StepDeps,
  ctx: Context,
  interaction: OpenInteraction,
  shown: UpstreamPage,
): Promise<void> {
  const { kind } = shown
  // the person has already submitted a form, so the page continues without another click
  if (shown.href !== undefined) ctx.set('Refresh', `0; url=${shown.href}`)
  await sendStep(deps, ctx, interaction, {
    status: STATUS[kind],
    page(view) {
      const texts = TEXTS[view.language].upstream
      const name = shown.name ?? texts.someProvider
      const content = html`<div class="lines">
          <h1>${texts.titles[kind](name)}</h1>
          <p>${texts.words[kind](name, shown.who ?? '')}</p>
        </div>
        ${waysOn(deps, interaction, { ...view, ...shown, name })}`
      return { title: texts.titles[kind](name), content }
    },
  })
}

function waysOn(
  { paths }: StepDeps,
  { uid }: OpenInteraction,
  { kind, name, href, language, csrfField }: StepView & UpstreamPage & { readonly name: string },
): Html {
  const texts = TEXTS[language].upstream
  const question = paths.question(uid)
  if (href !== undefined) return buttonLink({ href, label: texts.go(name), kind: 'primary' })
  if (kind !== 'offer') return buttonLink({ href: question, label: texts.back, kind: 'primary' })
  const decline = html`${hidden(csrfField.name, csrfField.value)}${button({ label: texts.decline, kind: 'quiet' })}`
  return html`${buttonLink({ href: question, label: texts.accept, kind: 'primary' })}
    <div class="close">${form(paths.form(uid, 'upstream'), decline)}</div>`
}
