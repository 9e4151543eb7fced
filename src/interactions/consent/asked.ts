/** Describes requested scopes in the words of their APIs. */
import type { ScopeSelection } from '#oidc/interactions/interaction-gateway.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { Resources } from '#resources/resource.ts'
import { TEXTS } from '../texts/texts.ts'
import { type Choice, choicesOf } from './choice.ts'
import type { AskedResource } from './page.ts'

/** Describes the requested scopes of an API. A scope without a description, or of a removed API, shows its name. */
export async function askedOf(
  resources: Pick<Resources, 'find'>,
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

/** Returns the scopes as one list of sentences. */
export async function scopesInWords(
  resources: Pick<Resources, 'find'>,
  asked: ScopeSelection,
  language: Language,
): Promise<string[]> {
  const openid: Readonly<Record<string, string>> = TEXTS[language].consent.openidScopes
  const choices = choicesOf({ openidScopes: [], resourceScopes: asked.resourceScopes })
  const ofResources = await Promise.all(
    [...Map.groupBy(choices, ({ resource }) => resource)].map(([identifier, some]) =>
      askedOf(resources, String(identifier), some),
    ),
  )
  return [
    ...asked.openidScopes.map((scope) => openid[scope] ?? scope),
    ...ofResources.flatMap(({ scopes }) => scopes.map(({ words }) => words)),
  ]
}
