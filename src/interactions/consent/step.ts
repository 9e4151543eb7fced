/** The step that asks whether an app may have what it asks for. */
import type { Context } from 'koa'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { choicesOf, type Choice, granted } from './choice.ts'
import { consentPage, type AskedResource, type ConsentProblem } from './page.ts'
import { readDecision } from '../flow.ts'
import { formTargets } from '../form-targets.ts'
import { csrfField, guardForm, openInteraction, type StepDeps } from '../step.ts'

const DAY_SECONDS = 86_400
const STATUS = { stale: 403, nothing: 422 } as const satisfies Record<ConsentProblem, number>

export interface ConsentStep {
  show(ctx: Context, interaction: OpenInteraction): Promise<void>
  answer(ctx: Context): Promise<void>
}

export function createConsentStep(deps: StepDeps): ConsentStep {
  const { accounts, gateway, paths, resources, settings } = deps

  async function show(ctx: Context, interaction: OpenInteraction, problem?: ConsentProblem): Promise<void> {
    const { client, missing, params, uid } = interaction
    const account = interaction.accountSub === undefined ? undefined : await accounts.read(interaction.accountSub)
    const accountLocale = account?.claims['locale']
    const language = chooseLanguage(ctx, { uiLocales: params['ui_locales'], accountLocale })
    const choices = choicesOf(missing)
    const asked = Map.groupBy(choices, ({ resource }) => resource)
    const own = asked.get(undefined) ?? []
    asked.delete(undefined)
    const page = consentPage({
      language,
      client,
      action: paths.form(uid, 'consent'),
      csrfField: csrfField(deps, ctx, interaction),
      who: account?.email ?? '',
      openidScopes: own,
      resources: await Promise.all(
        [...asked].map(([identifier, some]) => askedOf(resources, String(identifier), some)),
      ),
      keepsAccess: interaction.keepsAccess,
      mostDays: Math.round(settings.current().lifetimes.refresh_token_absolute_seconds / DAY_SECONDS),
      problem,
    })
    await sendPage(ctx, {
      language,
      ...page,
      status: problem === undefined ? 200 : STATUS[problem],
      brand: client.brand,
      formTargets: formTargets(params['redirect_uri'], client.clientUri),
      languagePath: paths.question(uid),
    })
  }

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'consent') return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return show(ctx, interaction, 'stale')
    const decision = readDecision(form)
    if (decision === 'allow') {
      const selection = granted(choicesOf(interaction.missing), form.all('scope'))
      return selection ? gateway.allowed(ctx, selection) : show(ctx, interaction, 'nothing')
    }
    if (decision === 'deny') return gateway.denied(ctx)
    paths.backToQuestion(ctx, interaction.uid)
  }

  return { show, answer }
}

/** The API's own words for its scopes; a scope without words, or of an API that is gone, is called by its name. */
async function askedOf(
  resources: StepDeps['resources'],
  identifier: string,
  choices: readonly Choice[],
): Promise<AskedResource> {
  const resource = await resources.find(identifier)
  const words = new Map(resource?.scopes.map((scope) => [scope.name, scope.description]))
  const host = URL.canParse(identifier) ? new URL(identifier).host : ''
  return {
    name: resource?.name ?? identifier,
    host: host === '' ? identifier : host,
    scopes: choices.map(({ value, scope }) => ({ value, words: words.get(scope) ?? scope, required: false })),
  }
}
