/** Describes what an app asks for, in the words of the APIs that it asks for. */
import type { Language } from '#pages/i18n/language.ts'
import { type AuthorizationDetail, typeAt } from '../authorization-details.ts'
import type { Resources } from '../resource.ts'
import type { AskedDetail } from './details.ts'
import { ASKED_TEXTS } from './texts/texts.ts'

/** A requested scope of an API. */
export interface RequestedScope {
  /** The value that a form sends for it. */
  readonly value: string
  readonly scope: string
  /** The identifier of its API; undefined for the scopes of OpenID Connect. */
  readonly resource: string | undefined
}

export interface AskedScope {
  /** The value that the form sends. */
  readonly value: string
  readonly words: string
  /** Whether the person cannot decline it. */
  readonly required: boolean
}

/** What is requested of one API, in its words. */
export interface AskedResource {
  readonly name: string
  /** The host of its identifier, or the identifier itself if it has no host. */
  readonly host: string
  readonly scopes: readonly AskedScope[]
  readonly details: readonly AskedDetail[]
}

/** Describes what is requested of each API, by scopes or by authorization details. */
export async function askedOfResources(
  resources: Pick<Resources, 'find'>,
  requested: readonly RequestedScope[],
  also: { readonly details: readonly AuthorizationDetail[]; readonly resources: readonly string[] },
): Promise<AskedResource[]> {
  const { details } = also
  const ofScopes = requested.flatMap(({ resource }) => resource ?? [])
  const identifiers = new Set([...ofScopes, ...(details.length > 0 ? also.resources : [])])
  const all = [...identifiers].map((identifier) => {
    const own = requested.filter(({ resource }) => resource === identifier)
    return askedOf(resources, identifier, { requested: own, details })
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
  { requested, details }: { requested: readonly RequestedScope[]; details: readonly AuthorizationDetail[] },
): Promise<AskedResource> {
  const resource = await resources.find(identifier)
  const words = new Map(resource?.scopes.map((scope) => [scope.name, scope.description]))
  const host = URL.canParse(identifier) ? new URL(identifier).host : ''
  return {
    name: resource?.name ?? identifier,
    host: host === '' ? identifier : host,
    scopes: requested.map(({ value, scope }) => ({ value, words: words.get(scope) ?? scope, required: false })),
    details: details.flatMap((detail) => {
      const type = resource && typeAt(resource, detail)
      return type ? [{ type, detail }] : []
    }),
  }
}

/** Returns what the scopes of OpenID Connect let an app do. */
export function openidInWords(scopes: readonly string[], language: Language): string[] {
  const words: Readonly<Record<string, string>> = ASKED_TEXTS[language].openidScopes
  return scopes.map((scope) => words[scope] ?? scope)
}

/** Returns all requested scopes as one list of sentences. */
export async function scopesInWords(
  resources: Pick<Resources, 'find'>,
  requested: readonly RequestedScope[],
  language: Language,
): Promise<string[]> {
  const openid = requested.filter(({ resource }) => resource === undefined).map(({ scope }) => scope)
  const ofResources = await askedOfResources(resources, requested, { details: [], resources: [] })
  return [...openidInWords(openid, language), ...ofResources.flatMap(({ scopes }) => scopes.map(({ words }) => words))]
}
