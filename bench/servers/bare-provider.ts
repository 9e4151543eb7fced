/** The engine alone: oidc-provider with its own in-memory adapter, the features the scenario needs and one client. */
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { readSettings } from './settings.ts'

const { port, issuer, clientId, clientJwk, resource, scope } = readSettings()
const { privateKey } = await generateKeyPair('ES256', { extractable: true })

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      jwks: { keys: [{ ...clientJwk, use: 'sig', alg: 'ES256' }] },
    },
  ],
  clientAuthMethods: ['private_key_jwt'],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'bare', alg: 'ES256', use: 'sig' }] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope,
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})
provider.listen(port, '127.0.0.1')
