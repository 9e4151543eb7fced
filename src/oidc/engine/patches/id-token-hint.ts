/**
 * What: `IdToken.validate` verifies hints with the archived keys too, and only ID tokens. With `prompt=none` a hint that
 * cannot be verified is `login_required`.
 * Why: apps keep an ID token for as long as they are used, longer than its key is published, and send it to sign out.
 * The engine checks no `typ`, so any JWT of ours with the right audience would be a hint.
 * Engine: 9.13.3
 * Test: test/flows/id-token-hints.test.ts
 */
import { createLocalJWKSet, errors as joseErrors, jwtVerify } from 'jose'
import Provider from 'oidc-provider'
import { type Client, errors } from 'oidc-provider'
import type { KeySet } from '#signing-keys/signing-key.ts'

export interface IdTokenHintDeps {
  readonly issuer: string
  readonly keys: KeySet
}

export function verifyIdTokenHints(provider: Provider, { issuer, keys }: IdTokenHintDeps): void {
  const all = [...keys.keys, ...keys.archivedKeys]
  const keySet = createLocalJWKSet({ keys: all.map(({ publicJwk }) => publicJwk) })
  const algorithms = [...new Set(all.map(({ alg }) => alg))]

  Object.assign(provider.IdToken, {
    async validate(idToken: string, client: Client) {
      try {
        const { payload, protectedHeader } = await jwtVerify(idToken, keySet, {
          issuer,
          audience: client.clientId,
          algorithms,
          requiredClaims: ['sub'],
          // RP-Initiated Logout 1.0 §4: expired ID tokens are accepted too
          currentDate: new Date(0),
        })
        // RFC 8725 §3.11: only ID tokens have no `typ`
        if (protectedHeader.typ !== undefined) throw new joseErrors.JWTInvalid('the typ is not that of an ID token')
        return { payload, header: protectedHeader }
      } catch (cause) {
        throw isPromptNone() ? loginRequired(cause) : cause
      }
    },
  })
}

function isPromptNone(): boolean {
  const { route, params } = Provider.ctx?.oidc ?? {}
  const isRequest = route === 'authorization' || route === 'pushed_authorization_request'
  return isRequest && params?.['prompt'] === 'none'
}

/** OpenID Connect Core §3.1.2.1: it is unknown whether the person whom the app means is signed in. */
function loginRequired(cause: unknown): Error {
  return Object.assign(new errors.LoginRequired('id_token_hint could not be verified'), { cause })
}
