/** Which of the scopes that are asked a person may leave out, and what is granted by the form they sent. */
import type { ScopeSelection } from '#oidc/interactions/interaction-gateway.ts'

export interface Choice {
  /** As it is sent by the form. */
  readonly value: string
  readonly scope: string
  /** The identifier of the API that it belongs to; undefined for OpenID Connect's own. */
  readonly resource: string | undefined
  /** `openid`: without it this is no sign-in. */
  readonly required: boolean
}

/** All that is asked, in the order it is shown. A scope of the same name in two APIs is two choices. */
export function choicesOf({ openidScopes, resourceScopes }: ScopeSelection): Choice[] {
  const own = openidScopes.map((scope) => ({ scope, resource: undefined, required: scope === 'openid' }))
  const ofResources = Object.entries(resourceScopes).flatMap(([resource, scopes]) =>
    scopes.map((scope) => ({ scope, resource, required: false })),
  )
  const all = [...own, ...ofResources]
  return all.map((choice) => {
    const isShared = all.some(({ scope, resource }) => scope === choice.scope && resource !== choice.resource)
    return { ...choice, value: isShared && choice.resource ? `${choice.resource} ${choice.scope}` : choice.scope }
  })
}

/** What is granted when `sent` was ticked; undefined when that is nothing at all. */
export function granted(choices: readonly Choice[], sent: readonly string[]): ScopeSelection | undefined {
  const kept = choices.filter(({ value, required }) => required || sent.includes(value))
  if (kept.length === 0) return undefined
  const resourceScopes: Record<string, string[]> = {}
  for (const { resource, scope } of kept) {
    if (resource !== undefined) resourceScopes[resource] = [...(resourceScopes[resource] ?? []), scope]
  }
  return {
    openidScopes: kept.filter(({ resource }) => resource === undefined).map(({ scope }) => scope),
    resourceScopes,
  }
}
