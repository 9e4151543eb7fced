/** The metadata of the authorization server, at each place where a revision of the MCP specification has clients look. */
import { buildDiscoveryUrls as places1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { buildDiscoveryUrls as places2, discoverAuthorizationServerMetadata } from '@modelcontextprotocol/client'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator } from '../../support/administrator.ts'
import { freePort } from '../../support/ports.ts'
import { type Server, startServer } from '../../support/server.ts'

const MCP = 'https://mcp.example.com/mcp'
/** The MCP Inspector, which runs in a browser, sends this header with all that it asks for. */
const PREFLIGHT = {
  origin: 'http://localhost:6274',
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'mcp-protocol-version',
}

describe.each([
  ['without a path', '', ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']],
  [
    'with a path',
    '/auth/main',
    [
      // RFC 8414 §3.1, and the same for OpenID Connect Discovery, which clients are to try first
      '/.well-known/oauth-authorization-server/auth/main',
      '/.well-known/openid-configuration/auth/main',
      // OpenID Connect Discovery §4
      '/auth/main/.well-known/openid-configuration',
    ],
  ],
])('an issuer %s', (_which, path, places) => {
  let server: Server
  let origin: string

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    server = await startServer({ env: { PORT: String(port), SIGNET_ISSUER: origin + path } })
    const admin = await administrator(server)
    await admin.resource(MCP, ['mcp:tools'], { open_scopes: ['mcp:tools'] })
  })

  test('is looked for by both generations of the SDK at these places, in this order', () => {
    for (const buildDiscoveryUrls of [places1, places2]) {
      const asked = buildDiscoveryUrls(server.issuer).map(({ url }) => url.href)
      expect(asked).toEqual(places.map((place) => origin + place))
    }
  })

  test.each(places)('has its metadata at %s, readable from any origin', async (place) => {
    const preflight = await fetch(origin + place, { method: 'OPTIONS', headers: PREFLIGHT })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('mcp-protocol-version')
    const headers = { origin: PREFLIGHT.origin, 'mcp-protocol-version': '2025-11-25' }
    const answer = await fetch(origin + place, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(['*', PREFLIGHT.origin]).toContain(answer.headers.get('access-control-allow-origin'))
    // the issuer is the one from which the client made the address (RFC 8414 §3.3)
    expect(await answer.json()).toMatchObject({
      issuer: server.issuer,
      authorization_endpoint: `${server.issuer}/authorize`,
      token_endpoint: `${server.issuer}/token`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      protected_resources: [MCP],
      scopes_supported: expect.arrayContaining(['offline_access']) as unknown,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'private_key_jwt']) as unknown,
    })
  })

  test('has the same metadata everywhere, and the SDK accepts it', async () => {
    const [first, ...others] = await Promise.all(places.map(async (place) => (await fetch(origin + place)).json()))
    for (const other of others) expect(other).toEqual(first)
    expect(await discoverAuthorizationServerMetadata(server.issuer)).toMatchObject({ issuer: server.issuer })
  })

  test('has no metadata for another path', async () => {
    for (const place of ['oauth-authorization-server', 'openid-configuration'].map((name) => `/.well-known/${name}`)) {
      expect((await fetch(`${origin}${place}/other`)).status).toBe(404)
      if (path !== '') expect((await fetch(origin + place)).status).toBe(404)
    }
  })
})
