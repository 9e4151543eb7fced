/** Sends the pages of all steps. */
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import type { FormField } from '#http/csrf.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Html } from '#pages/design/html.ts'
import { chooseLanguage, type Language } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { formTargets } from './form-targets.ts'
import { csrfField, type StepDeps } from './step.ts'

/** What every step's page gets. */
export interface StepView {
  readonly language: Language
  /** The hidden field of each of its forms. */
  readonly csrfField: FormField
}

export interface StepPage {
  readonly title: string
  readonly content: Html
  readonly policy?: ContentSecurityPolicy | undefined
}

export interface StepToSend {
  /** The account whose language to use, if the page may reveal that the person is known. */
  readonly account?: Account | undefined
  readonly status?: number | undefined
  /** The path of the page (GET); the question by default. */
  readonly path?: string
  readonly page: (view: StepView) => StepPage | Promise<StepPage>
}

/**
 * Sends the page in the language of the request, person or browser, with the client's logo and accent color. Its
 * policy lets forms redirect to the client.
 */
export async function sendStep(
  deps: Pick<StepDeps, 'csrf' | 'paths'>,
  ctx: Context,
  interaction: OpenInteraction,
  step: StepToSend,
): Promise<void> {
  const { client, params, uid } = interaction
  const view = viewOf(deps, ctx, interaction, step.account)
  const page = await step.page(view)
  await sendPage(ctx, {
    language: view.language,
    ...page,
    status: step.status ?? 200,
    brand: client.brand,
    formTargets: formTargets(params['redirect_uri'], client.clientUri),
    languagePath: step.path ?? deps.paths.question(uid),
  })
}

/** Returns the language (of the request, person or browser) and the hidden CSRF field for this interaction's forms. */
export function viewOf(
  deps: Pick<StepDeps, 'csrf'>,
  ctx: Context,
  interaction: OpenInteraction,
  account?: Account,
): StepView {
  return { language: languageOf(ctx, interaction, account), csrfField: csrfField(deps, ctx, interaction) }
}

/** Returns the language of the request, the account (if its language may show) or the browser. */
export function languageOf(ctx: Context, { params }: OpenInteraction, account?: Account): Language {
  return chooseLanguage(ctx, { uiLocales: params['ui_locales'], accountLocale: account?.claims['locale'] })
}
