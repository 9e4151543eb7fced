/**
 * What: the signed response modes (JARM) sign our answer, and pass it on by the plain mode that is registered. An answer
 * that cannot be encrypted for the client becomes an error page.
 * Why: the engine's handlers call its own page for `form_post.jwt` and not ours, and sign errors without our sentences.
 * It would tell the app of a failed encryption by an answer that it would have to encrypt.
 * Engine: 9.13.3
 * Test: test/flows/jwt-response-modes.test.ts
 */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { EnginePages } from '../../interactions/interaction-gateway.ts'
import { describedAnswer } from '../explain-refusal.ts'
import { responseModeOf, setResponseMode } from '../internals.ts'

/** JARM §2.3: each with the mode by which it travels. `jwt` is that of the response type, and `code` has the query. */
const MODES = { jwt: 'query', 'query.jwt': 'query', 'fragment.jwt': 'fragment', 'form_post.jwt': 'form_post' } as const

export interface SignedAnswerDeps {
  readonly pages: Pick<EnginePages, 'error'>
}

export function signAnswers(provider: Provider, { pages }: SignedAnswerDeps): void {
  for (const [name, mode] of Object.entries(MODES)) {
    setResponseMode(provider, name, async (ctx, redirectUri, answer) => {
      const isError = answer['error'] !== undefined
      try {
        const response = await signed(provider, ctx, describedAnswer(answer))
        await responseModeOf(provider, mode)(ctx, redirectUri, { response })
        if (mode === 'form_post' && isError) ctx.status = 400
      } catch (error) {
        // the engine answers with the error, by this mode again
        if (!isError || !(error instanceof errors.InvalidClientMetadata)) throw error
        provider.emit('authorization.error', ctx, error)
        ctx.status = error.statusCode
        await pages.error(ctx, { error: error.error, ...description(error) })
      }
    })
  }
}

function description({ error_description: text }: errors.InvalidClientMetadata) {
  return text === undefined ? {} : { error_description: text }
}

/** JARM §2.1, §2.2: `iss`, `aud`, `exp` and the parameters of the answer, signed and encrypted as registered. */
function signed(provider: Provider, ctx: KoaContextWithOIDC, answer: Record<string, string>): Promise<string> {
  const { IdToken } = provider as unknown as { IdToken: new (claims: object, options: object) => Issuable }
  return Object.assign(new IdToken({}, { ctx }), { extra: answer }).issue({ use: 'authorization' })
}

interface Issuable {
  issue(options: { use: 'authorization' }): Promise<string>
}
