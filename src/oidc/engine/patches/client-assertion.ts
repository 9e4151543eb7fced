/**
 * What: our rules check a client assertion once its client is known. If one is broken, the signature is verified here,
 * and the refusal is thrown when the engine starts to verify. The engine's own audience check accepts everything.
 * Why: the engine accepts endpoint URLs as audience (RFC 10070), and builds them from the request's Host. It also
 * refuses some wrong claims before it verifies the signature, and gives no reason. Only a caller that holds the
 * client's key may learn the reason.
 * Engine: 9.13.3
 * Test: test/hazards/client-assertion.test.ts
 */
import { compactVerify, decodeJwt, decodeProtectedHeader, errors as joseErrors } from 'jose'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { ASSERTION_ALGS } from '#clients/profiles.ts'
import type { RestoreEpoch } from '../../restore-epoch/restore-epoch-store.ts'
import { assertionFault, type AssertionContext } from '../client-assertion.ts'
import { clientOf } from '../clients.ts'
import type { ReadJwt } from '../jwt-rules.ts'
import { onClientFound } from '../on-client-found.ts'
import { ROUTES } from '../routes.ts'
import type { PresentedAssertion } from '../scope/assertion.ts'
import { requestScope } from '../scope/request-scope.ts'
import { keyStoreOf } from './client-key-store.ts'

export interface AssertionDeps {
  readonly issuer: string
  readonly restoreEpoch: RestoreEpoch
}

export function judgeAssertions(provider: Provider, deps: AssertionDeps): void {
  onClientFound(provider, async (ctx, engineClient) => {
    const scope = requestScope()
    const value = ctx.oidc.params?.['client_assertion']
    if (!scope || ctx.oidc.client || typeof value !== 'string') return
    // the engine itself refuses clients that use another method, and anything but a JWT with a permitted algorithm
    const read =
      engineClient.clientAuthMethod === 'private_key_jwt' ? permitted(value, clientOf(engineClient)) : undefined
    if (!read) return
    const assertion: PresentedAssertion = { stage: 'judged', refusal: undefined, key: undefined, hasFetchedKeys: false }
    scope.assertion = assertion
    const fault = assertionFault({ ...read, client: clientOf(engineClient), context: contextOf(ctx, deps) })
    if (fault !== undefined) assertion.refusal = await refusalFor(fault, engineClient, read)
  })
  Object.assign(provider.OIDCContext.prototype, {
    clientJwtAuthExpectedAudience() {
      const refusal = requestScope()?.assertion?.refusal
      if (refusal) throw refusal
      return { has: () => true }
    },
  })
}

function permitted(assertion: string, { metadata }: Client): ReadJwt | undefined {
  try {
    const header = decodeProtectedHeader(assertion)
    const registered = metadata['token_endpoint_auth_signing_alg']
    const isPermitted =
      registered === undefined ? ASSERTION_ALGS.some((alg) => alg === header.alg) : header.alg === registered
    return isPermitted ? { jwt: assertion, header, claims: decodeJwt(assertion) } : undefined
  } catch {
    return undefined
  }
}

function contextOf(ctx: KoaContextWithOIDC, { issuer, restoreEpoch }: AssertionDeps): AssertionContext {
  return {
    issuer,
    tokenEndpoint: issuer + ROUTES.token,
    endpoint: ctx.oidc.urlFor(ctx.oidc.route),
    now: Date.now() / 1000,
    restoredAt: restoreEpoch.beganAt.getTime() / 1000,
  }
}

/** Returns an error that names the broken rule if the client's key signed the assertion, and no reason otherwise. */
async function refusalFor(fault: string, engineClient: EngineClient, read: ReadJwt): Promise<Error> {
  try {
    await verify(engineClient, read)
  } catch (cause) {
    return new errors.InvalidClientAuth({ cause })
  }
  return Object.assign(new errors.InvalidClientAuth(fault), { error_description: fault })
}

/** Verifies like the engine: with each matching key, then once more with fresh keys. Throws when no key signed it. */
async function verify(engineClient: EngineClient, { jwt, header }: ReadJwt): Promise<void> {
  const store = keyStoreOf(engineClient)
  const { alg, kid } = header as { alg: string; kid?: string }
  for (;;) {
    try {
      const keys = store.selectForVerify({ alg, ...(kid === undefined ? {} : { kid }) })
      if (keys.length === 0) throw new joseErrors.JWKSNoMatchingKey()
      for (const key of keys) if (await isSignedBy(key, jwt, alg)) return
      throw new joseErrors.JWSSignatureVerificationFailed()
    } catch (error) {
      if (store.fresh()) throw error
      await store.refresh()
    }
  }
}

async function isSignedBy(key: object, assertion: string, alg: string): Promise<boolean> {
  try {
    await compactVerify(assertion, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}
