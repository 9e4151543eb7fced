/** Both generations of the official SDK's client sign in at the example MCP server and are told nothing but its URL. */
import * as machines1 from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { refreshAuthorization as refresh1 } from '@modelcontextprotocol/sdk/client/auth.js'
import * as client2 from '@modelcontextprotocol/client'
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Administrator } from '../../support/administrator.ts'
import { type Server, startServer } from '../../support/server.ts'
import { mcpWorld, memory, READ, SDKS, signIn, WRITE } from './mcp-world.ts'

let server: Server
let admin: Administrator
let url: string

beforeAll(async () => {
  server = await startServer()
  ;({ admin, url } = await mcpWorld(server))
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
})

describe.each(Object.entries(SDKS))('the client of version %s', (version, sdkOf) => {
  const machines = version === '1.x' ? machines1 : client2

  async function signedIn() {
    const provider = memory()
    const sdk = sdkOf(url, provider)
    const sentTo = await signIn(server, sdk, provider)
    return { sdk, provider, kept: provider.kept, sentTo }
  }

  test('registers itself, signs a person in for what it needs and calls a tool', async () => {
    const { sdk, kept, sentTo } = await signedIn()
    // version 2 adds offline_access wherever scopes_supported lists it
    const scope = version === '2.x' ? `${READ} offline_access` : READ
    expect(Object.fromEntries(sentTo.searchParams)).toMatchObject({ resource: url, scope })
    expect(decodeJwt(kept.tokens?.access_token ?? '')).toMatchObject({ aud: url, scope: READ })
    expect(await sdk.tools()).toEqual(['list_notes', 'add_note'])
    expect(await sdk.call('list_notes')).toMatchObject([{ type: 'text' }])
  })

  test('asks for more when a tool needs it, and keeps what it had', async () => {
    const { sdk, provider, kept } = await signedIn()
    // version 1 refreshes rather than asks again while it has a refresh token, and a refresh widens nothing (RFC 6749 §6)
    if (version === '1.x') delete kept.tokens?.refresh_token
    const sentTo = await signIn(server, sdk, provider, () => sdk.call('add_note', { note: 'Buy milk' }))
    expect(sentTo.searchParams.get('scope')?.split(' ')).toEqual(expect.arrayContaining([READ, WRITE]))
    expect(decodeJwt(kept.tokens?.access_token ?? '')).toMatchObject({ aud: url, scope: `${READ} ${WRITE}` })
    expect(await sdk.call('add_note', { note: 'Buy milk' })).toMatchObject([
      { text: expect.stringMatching(/^Added/) as string },
    ])
    expect(await sdk.call('list_notes')).toMatchObject([{ text: expect.stringContaining('Buy milk') as string }])
  })

  test('refreshes by itself when its access token is refused', async () => {
    const { sdk, kept } = await signedIn()
    const before = kept.tokens
    kept.tokens = { token_type: 'Bearer', ...before, access_token: 'expired' }
    expect(await sdk.tools()).toContain('add_note')
    expect(kept.sentTo).toBeUndefined()
    expect(kept.tokens.refresh_token).not.toBe(before?.refresh_token)
    expect(decodeJwt(kept.tokens.access_token)).toMatchObject({ aud: url, scope: READ })
  })

  test('refreshes without resource, and gets a token for what was granted', async () => {
    const { kept } = await signedIn()
    const refresh = version === '1.x' ? refresh1 : client2.refreshAuthorization
    const tokens = await refresh(server.issuer, {
      clientInformation: kept.client ?? { client_id: '' },
      refreshToken: kept.tokens?.refresh_token ?? '',
    })
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: url, scope: READ })
  })

  test('a machine calls a tool with its id and secret', async () => {
    const { id, secret = '' } = await admin.client('machine', {
      token_endpoint_auth_method: 'client_secret_basic',
      signet_allow: [{ resource: url, scopes: [READ] }],
    })
    const provider = new machines.ClientCredentialsProvider({
      clientId: id,
      clientSecret: secret,
      expectedIssuer: server.issuer,
    })
    const sdk = sdkOf(url, provider)
    await sdk.connect()
    expect(await sdk.call('list_notes')).toMatchObject([{ type: 'text' }])
    expect(decodeJwt(provider.tokens()?.access_token ?? '')).toMatchObject({ aud: url, sub: id, scope: READ })
  })

  async function machineWithKey(scopes: string[]) {
    const { id, key } = await admin.client('machine', { signet_allow: [{ resource: url, scopes }] })
    const options = { clientId: id, privateKey: { ...key }, algorithm: 'ES256', expectedIssuer: server.issuer }
    const provider = new machines.PrivateKeyJwtProvider(options)
    const sdk = sdkOf(url, provider)
    await sdk.connect()
    return { id, provider, sdk }
  }

  test('a machine calls a tool with its id and key', async () => {
    const { id, provider, sdk } = await machineWithKey([READ, WRITE])
    expect(await sdk.call('add_note', { note: 'Back up' })).toMatchObject([{ text: 'Added. You have 1 of 100 notes.' }])
    expect(decodeJwt(provider.tokens()?.access_token ?? '')).toMatchObject({ sub: id, scope: `${READ} ${WRITE}` })
  })

  test('a machine without the scope of a tool is refused, and does not ask in circles', async () => {
    const { id, sdk } = await machineWithKey([READ])
    const refused = sdk.call('add_note', { note: 'No' })
    // version 1 asks for the same token again, version 2 for one with the scope that is missing
    if (version === '1.x') return expect(refused).rejects.toThrow('403 after trying upscoping')
    await expect(refused).rejects.toThrow('the scope notes:write is refused: this client may not ask for it')
    expect(await admin.audit('token.refused')).toContainEqual(
      expect.objectContaining({ client_id: id, reason: expect.stringMatching(/^invalid_scope: /) as string }),
    )
  })
})
