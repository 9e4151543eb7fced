/**
 * What: the signed response modes (JARM) sign our answer, and pass it on by the plain mode that is registered.
 * Why: the engine's handlers call its own page for `form_post.jwt` and not ours, and sign errors without our sentences.
 * Engine: 9.13.3
 * Test: test/flows/jwt-response-modes.test.ts
 */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { describedAnswer } from '../explain-refusal.ts'
import { responseModeOf, setResponseMode } from '../internals.ts'

/** JARM §2.3: each with the mode by which it travels. `jwt` is that of the response type, and `code` has the query. */
const MODES = { jwt: 'query', 'query.jwt': 'query', 'fragment.jwt': 'fragment', 'form_post.jwt': 'form_post' } as const

export function signAnswers(provider: Provider): void {
  for (const [name, mode] of Object.entries(MODES)) {
    setResponseMode(provider, name, async (ctx, redirectUri, answer) => {
      const response = await signed(provider, ctx, describedAnswer(answer))
      await responseModeOf(provider, mode)(ctx, redirectUri, { response })
      if (mode === 'form_post' && answer['error'] !== undefined) ctx.status = 400
    })
  }
}

/** JARM §2.1: `iss`, `aud`, `exp` and the parameters of the answer, signed as the client is registered. */
function signed(provider: Provider, ctx: KoaContextWithOIDC, answer: Record<string, string>): Promise<string> {
  const { IdToken } = provider as unknown as { IdToken: new (claims: object, options: object) => Issuable }
  return Object.assign(new IdToken({}, { ctx }), { extra: answer }).issue({ use: 'authorization' })
}

interface Issuable {
  issue(options: { use: 'authorization' }): Promise<string>
}
