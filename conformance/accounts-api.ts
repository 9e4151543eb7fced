/** The API behind the FAPI plans: `GET /accounts` for tokens with the scope `accounts`, bound by DPoP or a certificate. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { requireAccessToken } from '#resource-server/http.ts'
import type { Credentials } from './credentials.ts'
import type { ConformanceOptions } from './options.ts'
import type { Addresses } from './server.ts'

export const API_SCOPE = 'accounts'

/** Starts it, with its own TLS; the certificate of a client is asked for, and only compared with the token's. */
export async function startAccountsApi(
  { listen, ports }: ConformanceOptions,
  { issuer, api }: Addresses,
  { server: identity }: Credentials,
): Promise<Server> {
  const protection = { issuer, audience: api, scope: API_SCOPE, dpop: true, clientCertificate: true }
  const accounts = requireAccessToken(protection, (request, response) => {
    // FAPI 1.0 Read and Write §6.2.1: the caller's id of the interaction comes back
    const interaction = request.headers['x-fapi-interaction-id'] ?? crypto.randomUUID()
    response.setHeader('x-fapi-interaction-id', interaction)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ accounts: [{ id: '1', name: 'Current account' }] }))
  })
  const tls = { cert: identity.cert, key: identity.key, requestCert: true, rejectUnauthorized: false }
  const server = createServer(tls, accounts)
  server.listen(ports.api, listen)
  await once(server, 'listening')
  return server
}
