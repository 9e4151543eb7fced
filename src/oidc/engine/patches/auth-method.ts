/**
 * What: a client that does not authenticate by its registered method is refused before the engine looks at it, with a
 * description that names the method. `client_secret_basic` and `client_secret_post` stand for each other, and a Basic
 * header with an empty secret is `none`. A missing or unverified certificate is named too.
 * Why: the engine says only that authentication failed, although the method is no secret and most often the mistake.
 * Engine: 9.13.3
 * Test: test/oidc/client-authentication.test.ts
 */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { AUTH_METHODS, type AuthMethod } from '#clients/auth-methods.ts'
import { requestState } from '#http/request-state.ts'
import { basicCredentials } from '../basic-credentials.ts'
import { onClientFound } from '../on-client-found.ts'
import { CLIENT_ROUTES } from '../routes.ts'

/** What to send, by method. */
const HOW: Readonly<Record<AuthMethod, string>> = {
  private_key_jwt: 'send client_assertion and client_assertion_type',
  client_secret_basic: 'send its id and secret in the Authorization header (Basic) or in the form',
  client_secret_post: 'send its id and secret in the form or in the Authorization header (Basic)',
  tls_client_auth: 'send client_id on a TLS connection with its certificate, to an address in mtls_endpoint_aliases',
  self_signed_tls_client_auth:
    'send client_id on a TLS connection with its certificate, to an address in mtls_endpoint_aliases',
  none: 'send client_id alone',
}

export function nameRegisteredMethod(provider: Provider): void {
  onClientFound(provider, async (ctx, client) => {
    if (ctx.oidc.client || !CLIENT_ROUTES.has(ctx.oidc.route)) return
    const method = client.clientAuthMethod as AuthMethod
    const { sent, methods } = presented(ctx)
    const fault = methods.includes(method)
      ? certificateFault(ctx, method)
      : `${sent}, and the client is registered for ${method}: ${HOW[method]}`
    if (fault === undefined) return
    // the refusal is of this client
    ctx.oidc.entity('Client', client)
    const description = `client authentication: ${fault}`
    throw Object.assign(new errors.InvalidClientAuth(description), { error_description: description })
  })
}

/** Returns what is wrong with the connection of a client with a certificate; which one is registered is not told. */
function certificateFault(ctx: KoaContextWithOIDC, method: AuthMethod): string | undefined {
  if (AUTH_METHODS[method].credential !== 'certificate') return undefined
  const { clientCertificate } = requestState(ctx)
  if (!clientCertificate)
    return `no certificate was received, and the client is registered for ${method}: ${HOW[method]}`
  if (method === 'self_signed_tls_client_auth' || clientCertificate.verified) return undefined
  return 'the certificate was not issued by an authority that this server knows, or is not valid now'
}

/** Returns what the request authenticates with, and the methods that this can be. */
function presented({ oidc, headers }: KoaContextWithOIDC): { sent: string; methods: readonly AuthMethod[] } {
  const { client_secret: secret, client_assertion: assertion } = oidc.params ?? {}
  if (!secret && basicCredentials(headers.authorization)?.secret === '') {
    return { sent: 'an empty secret was sent', methods: ['none'] }
  }
  if (secret || headers.authorization !== undefined) {
    return { sent: 'a secret was sent', methods: ['client_secret_basic', 'client_secret_post'] }
  }
  if (assertion !== undefined) return { sent: 'an assertion was sent', methods: ['private_key_jwt'] }
  return { sent: 'only client_id was sent', methods: ['none', 'tls_client_auth', 'self_signed_tls_client_auth'] }
}
