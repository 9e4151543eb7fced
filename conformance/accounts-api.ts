/** The API of the FAPI plans without OpenID: `GET /accounts` for tokens that are bound by DPoP or to a certificate. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { tlsOptions } from '#http/tls.ts'
import { requireAccessToken } from '#resource-server/http.ts'
import type { Credentials } from './credentials.ts'
import type { ConformanceOptions } from './options.ts'
import type { Addresses } from './server.ts'

/** The scopes that it is registered with; the suite also asks for them in another order. */
export const API_SCOPES = ['accounts', 'transactions'] as const

/** Starts it, with its own TLS; the certificate of a client is asked for, and only compared with the token's. */
export async function startAccountsApi(
  { listen, ports }: ConformanceOptions,
  { issuer, api }: Addresses,
  { server: identity }: Credentials,
): Promise<Server> {
  const protection = { issuer, audience: api, scope: API_SCOPES, dpop: true, clientCertificate: true }
  const accounts = requireAccessToken(protection, (request, response) => {
    // FAPI 1.0 Read and Write §6.2.1: the caller's id of the interaction comes back
    const interaction = request.headers['x-fapi-interaction-id'] ?? crypto.randomUUID()
    response.setHeader('x-fapi-interaction-id', interaction)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ accounts: [{ id: '1', name: 'Current account' }] }))
  })
  const asking = { requestCert: true, rejectUnauthorized: false }
  // FAPI 2.0 Security Profile §5.2.2
  const tls = { ...tlsOptions('bcp195'), cert: identity.cert, key: identity.key, ...asking }
  const server = createServer(tls, accounts)
  server.listen(ports.api, listen)
  await once(server, 'listening')
  return server
}
