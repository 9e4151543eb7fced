/** Members of the discovery documents that the engine does not know, or that depend on settings. */
import type { Middleware } from 'koa'
import type { Resources } from '#resources/resource.ts'
import { DISCOVERY_PATHS } from '../engine/routes.ts'
import type { RequestRules } from './authorization-request.ts'
import { CREATE, PROMPTS } from './interaction-policy.ts'

export interface DiscoveryDeps extends Pick<RequestRules, 'canRegister'> {
  readonly resources: Pick<Resources, 'allDetailsTypes'>
}

/** The engine names them with the encryption of ID tokens, and no client can register them. */
const NOT_OFFERED = ['request_object', 'authorization', 'introspection'].flatMap((name) => [
  `${name}_encryption_alg_values_supported`,
  `${name}_encryption_enc_values_supported`,
])

/** Adds `prompt_values_supported` (Initiating User Registration 1.0 §4.1) and the types of resources (RFC 9396 §10). */
export function completeDiscovery({ canRegister, resources }: DiscoveryDeps): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.status !== 200 || !DISCOVERY_PATHS.some((path) => path === ctx.path)) return
    const prompts = PROMPTS.filter((prompt) => prompt !== CREATE || canRegister())
    const types = await resources.allDetailsTypes()
    Object.assign(ctx.body as object, {
      ...Object.fromEntries(NOT_OFFERED.map((member) => [member, undefined])),
      prompt_values_supported: ['none', ...prompts],
      authorization_details_types_supported: types.length > 0 ? types : undefined,
    })
  }
}
