/** Works out which requested scopes a person can decline, and which ones their form grants. */
import type { ScopeSelection } from '#oidc/interactions/interaction-gateway.ts'
import type { RequestedScope } from '#resources/asked/asked.ts'

export interface Choice extends RequestedScope {
  /** True for `openid`: without it, the request is not a sign-in. */
  readonly required: boolean
}

/** Returns the requested scopes in display order. A scope with the same name in two APIs is two choices. */
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

/** Returns the granted scopes if `sent` was ticked, or undefined if there are none. */
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
