/**
 * What: the response mode `form_post` shows our page.
 * Why: the engine's page has no language, no design and, for an error without a description, none of our sentences.
 * Engine: 9.13.3
 * Test: test/flows/response-modes.test.ts
 */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { EnginePages } from '../../interactions/interaction-gateway.ts'
import { describedAnswer } from '../explain-refusal.ts'
import { setResponseMode } from '../internals.ts'

export interface FormPostDeps {
  readonly pages: Pick<EnginePages, 'formPost'>
}

/** The engine calls the handler only for a redirect URI that is registered. */
export function postByOurPage(provider: Provider, { pages }: FormPostDeps): void {
  setResponseMode(provider, 'form_post', async (ctx: KoaContextWithOIDC, action, answer) => {
    ctx.status = answer['error'] === undefined ? 200 : ctx.status === 500 ? 500 : 400
    await pages.formPost(ctx, { action, fields: describedAnswer(answer) })
  })
}
