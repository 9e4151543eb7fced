/** Members of the discovery documents that the engine does not know, or that depend on settings. */
import type { Middleware } from 'koa'
import { DISCOVERY_PATHS } from '../engine/routes.ts'
import type { RequestRules } from './authorization-request.ts'
import { CREATE, PROMPTS } from './interaction-policy.ts'

/** Adds `prompt_values_supported` (Initiating User Registration 1.0 §4.1). */
export function completeDiscovery({ canRegister }: Pick<RequestRules, 'canRegister'>): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.status !== 200 || !DISCOVERY_PATHS.some((path) => path === ctx.path)) return
    const prompts = PROMPTS.filter((prompt) => prompt !== CREATE || canRegister())
    Object.assign(ctx.body as object, { prompt_values_supported: ['none', ...prompts] })
  }
}
