/** The step that asks whether an app may have what it asks for. */
import type { Context } from 'koa'
import { chooseLanguage } from '#http/i18n/language.ts'
import { sendPage } from '#http/page.ts'
import type { OpenInteraction } from '#oidc/interaction-gateway.ts'
import { consentPage, type AskedResource } from './consent-page.ts'
import { readDecision } from './flow.ts'
import { formTargets } from './form-targets.ts'
import { csrfField, guardForm, openInteraction, type StepDeps } from './step.ts'

export interface ConsentStep {
  show(ctx: Context, interaction: OpenInteraction): Promise<void>
  answer(ctx: Context): Promise<void>
}

export function createConsentStep(deps: StepDeps): ConsentStep {
  const { accounts, gateway, paths, resources } = deps

  /** The API's own words for its scopes; a scope without words, or of an API that is gone, is called by its name. */
  async function askedOf(identifier: string, scopes: readonly string[]): Promise<AskedResource> {
    const resource = await resources.find(identifier)
    const words = new Map(resource?.scopes.map((scope) => [scope.name, scope.description]))
    const host = URL.canParse(identifier) ? new URL(identifier).host : ''
    return {
      name: resource?.name ?? identifier,
      host: host === '' ? identifier : host,
      scopes: scopes.map((name) => ({ name, words: words.get(name) ?? name })),
    }
  }

  async function show(ctx: Context, interaction: OpenInteraction, isStale = false): Promise<void> {
    const { client, missing, params, uid } = interaction
    const account = interaction.accountSub === undefined ? undefined : await accounts.read(interaction.accountSub)
    const language = chooseLanguage(ctx, {
      uiLocales: params['ui_locales'],
      accountLocale: account?.claims['locale'],
    })
    const asked = Object.entries(missing.resourceScopes).filter(([, scopes]) => scopes.length > 0)
    const page = consentPage({
      language,
      client,
      action: paths.form(uid, 'consent'),
      csrfField: csrfField(deps, ctx, interaction),
      who: account?.email ?? '',
      openidScopes: missing.openidScopes,
      resources: await Promise.all(asked.map(([identifier, scopes]) => askedOf(identifier, scopes))),
      stale: isStale,
    })
    await sendPage(ctx, {
      language,
      ...page,
      status: isStale ? 403 : 200,
      formTargets: formTargets(params['redirect_uri'], client.clientUri),
      languagePath: paths.question(uid),
    })
  }

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'consent') return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return show(ctx, interaction, true)
    const decision = readDecision(form)
    if (decision === 'allow') return gateway.allowed(ctx, interaction.missing)
    if (decision === 'deny') return gateway.denied(ctx)
    paths.backToQuestion(ctx, interaction.uid)
  }

  return { show, answer }
}
