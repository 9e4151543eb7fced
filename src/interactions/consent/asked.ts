/** Describes requested scopes in the words of their APIs. */
import type { OpenInteraction, ScopeSelection } from '#oidc/interactions/interaction-gateway.ts'
import type { Language } from '#pages/i18n/language.ts'
import { type AuthorizationDetail, typeAt } from '#resources/authorization-details.ts'
import type { Resources } from '#resources/resource.ts'
import { TEXTS } from '../texts/texts.ts'
import { type Choice, choicesOf } from './choice.ts'
import type { AskedResource } from './page.ts'

/** Describes what is requested of each API, by scopes or by authorization details. */
export async function askedOfResources(
  resources: Pick<Resources, 'find'>,
  choices: readonly Choice[],
  interaction: Pick<OpenInteraction, 'details' | 'resources'>,
): Promise<AskedResource[]> {
  const { details } = interaction
  const ofScopes = choices.flatMap(({ resource }) => resource ?? [])
  const identifiers = new Set([...ofScopes, ...(details.length > 0 ? interaction.resources : [])])
  const all = [...identifiers].map((identifier) => {
    const own = choices.filter(({ resource }) => resource === identifier)
    return askedOf(resources, identifier, { choices: own, details })
  })
  return (await Promise.all(all)).filter((asked) => asked.scopes.length + asked.details.length > 0)
}

/**
 * Describes what is requested of an API. A scope without a description, or of a removed API, shows its name; of
 * authorization details, those that the API takes.
 */
async function askedOf(
  resources: Pick<Resources, 'find'>,
  identifier: string,
  { choices, details }: { choices: readonly Choice[]; details: readonly AuthorizationDetail[] },
): Promise<AskedResource> {
  const resource = await resources.find(identifier)
  const words = new Map(resource?.scopes.map((scope) => [scope.name, scope.description]))
  const host = URL.canParse(identifier) ? new URL(identifier).host : ''
  return {
    name: resource?.name ?? identifier,
    host: host === '' ? identifier : host,
    scopes: choices.map(({ value, scope }) => ({ value, words: words.get(scope) ?? scope, required: false })),
    details: details.flatMap((detail) => {
      const type = resource && typeAt(resource, detail)
      return type ? [{ type, detail }] : []
    }),
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
  const ofResources = await askedOfResources(resources, choices, { details: [], resources: [] })
  return [
    ...asked.openidScopes.map((scope) => openid[scope] ?? scope),
    ...ofResources.flatMap(({ scopes }) => scopes.map(({ words }) => words)),
  ]
}
