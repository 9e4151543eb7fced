/** Allowances and changes of clients, and the document that a client is shown as. */
import { describe, expect, test } from 'vitest'
import { clientToMetadata, metadataToInput } from '#clients/document.ts'
import { ClientMetadataError } from '#clients/errors.ts'
import { accept, API, change, REDIRECTS, refuse, stored } from './least.ts'

describe('allowances', () => {
  test('are kept under the registered identifier, once for each resource', async () => {
    const { allowances, defaultResource } = await accept(
      'machine',
      {},
      {
        allowances: [
          { resource: 'https://api.example.com/', scopes: ['posts:read'] },
          { resource: 'https://api.example.com', scopes: ['posts:write', 'posts:read'] },
        ],
        defaultResource: 'https://api.example.com/',
      },
    )
    expect(allowances).toEqual([{ resource: API.identifier, scopes: ['posts:read', 'posts:write'] }])
    expect(defaultResource).toBe(API.identifier)
  })

  test('name what is wrong with them', async () => {
    const faults = await refuse(
      'machine',
      {},
      {
        allowances: [
          { resource: 'https://nobody.example.com', scopes: ['posts:read'] },
          { resource: API.identifier, scopes: ['posts:wrote', 'openid'] },
          { resource: '\u0000', scopes: [] },
          'posts:read' as never,
        ],
        defaultResource: 'https://nobody.example.com',
      },
    )
    const some = 'a scope of https://api.example.com: one of posts:read, posts:write'
    expect(faults).toEqual([
      ['signet_allow[0].resource', 'https://nobody.example.com', 'the identifier of a registered resource'],
      ['signet_allow[1].scopes', 'posts:wrote', `${some} (did you mean posts:write?)`],
      ['signet_allow[1].scopes', 'openid', some],
      ['signet_allow[2].resource', '\u0000', 'the identifier of a registered resource'],
      ['signet_allow[3]', 'posts:read', '{"resource": an identifier, "scopes": an array of names}'],
      ['signet_default_resource', 'https://nobody.example.com', 'one of the allowed resources https://api.example.com'],
    ])
  })
})

describe('changes', () => {
  test('replace the members given and keep the others', async () => {
    const before = stored(await accept('web', { client_name: 'Shop', scope: 'openid email', signet_introspect: true }))
    const after = await change(before, { metadata: { client_name: 'Store', contacts: ['ops@example.com'] } })
    expect(after).toEqual({
      ...before,
      id: undefined,
      origin: undefined,
      status: undefined,
      secretDigests: undefined,
      revokedKeys: undefined,
      publishedKeys: undefined,
      version: undefined,
      createdAt: undefined,
      updatedAt: undefined,
      metadata: { ...before.metadata, client_name: 'Store', contacts: ['ops@example.com'] },
    })
  })

  test('take a member away by null, so that the default stands again', async () => {
    const before = stored(
      await accept('web', { client_name: 'Shop', id_token_signed_response_alg: 'ES256', scope: 'openid' }),
    )
    const after = await change(before, {
      metadata: { client_name: null, id_token_signed_response_alg: null, scope: null },
    })
    expect(after.metadata).not.toHaveProperty('client_name')
    expect(after.metadata.id_token_signed_response_alg).toBe('RS256')
    expect(after.openidScopes).toEqual(['openid', 'profile', 'email', 'offline_access'])
  })

  test('work out what follows from the members given', async () => {
    const before = stored(
      await accept('web', { token_endpoint_auth_signing_alg: 'ES256', signet_assertion_audience: 'token_endpoint' }),
    )
    const secret = await change(before, { metadata: { token_endpoint_auth_method: 'client_secret_post' } })
    expect(secret.metadata).not.toHaveProperty('token_endpoint_auth_signing_alg')
    expect(secret.metadata).not.toHaveProperty('signet_assertion_audience')
    const elsewhere = await change(before, { metadata: { jwks_uri: 'https://app.example.com/jwks' } })
    expect(elsewhere.metadata).not.toHaveProperty('jwks')
  })

  test('may change the profile, whose defaults then stand', async () => {
    const before = stored(await accept('web', { client_name: 'Shop' }))
    const after = await change(before, { profile: 'spa' })
    expect(after.metadata).toMatchObject({
      client_name: 'Shop',
      redirect_uris: REDIRECTS.redirect_uris,
      token_endpoint_auth_method: 'none',
    })
  })

  test('refuse to leave a default resource that is no longer allowed', async () => {
    const more = { allowances: [{ resource: API.identifier, scopes: ['posts:read'] }], defaultResource: API.identifier }
    const before = stored(await accept('machine', {}, more))
    await expect(change(before, { allowances: [] })).rejects.toMatchObject({
      faults: [{ field: 'signet_default_resource', expected: 'an allowed resource' }],
    })
    expect(await change(before, { allowances: [], defaultResource: null })).toMatchObject({ allowances: [] })
  })

  test('refuse another client id', async () => {
    const before = stored(await accept('web'))
    await expect(change(before, { id: 'other' })).rejects.toMatchObject({
      faults: [{ field: 'client_id', given: 'other', expected: 'cli-1' }],
    })
  })
})

describe('the document', () => {
  test('is RFC 7591 metadata with our members beside it', async () => {
    const client = stored(
      await accept(
        'machine',
        { client_name: 'billing' },
        {
          allowances: [{ resource: API.identifier, scopes: ['posts:read'] }],
          defaultResource: API.identifier,
        },
      ),
    )
    expect(clientToMetadata(client)).toEqual({
      client_id: 'cli-1',
      client_id_issued_at: 1_767_323_045,
      ...client.metadata,
      signet_profile: 'machine',
      signet_status: 'enabled',
      signet_client_origin: 'administrator',
      signet_allow: [{ resource: API.identifier, scopes: ['posts:read'] }],
      signet_default_resource: API.identifier,
    })
    expect(clientToMetadata(stored(await accept('web'))).scope).toBe('openid profile email offline_access')
  })

  test.each(['web', 'spa', 'native', 'machine', 'device', 'fapi2'] as const)(
    'of a %s client, sent back as it was read, changes nothing',
    async (profile) => {
      const allowances = [{ resource: API.identifier, scopes: ['posts:write'] }]
      const before = stored(
        await accept(
          profile,
          { client_name: 'Shop', 'client_name#ko': '상점' },
          { allowances, defaultResource: API.identifier },
        ),
      )
      const sent = JSON.parse(JSON.stringify(clientToMetadata(before))) as Record<string, unknown>
      const {
        metadata,
        openidScopes,
        allowances: kept,
        defaultResource,
      } = await change(before, metadataToInput(sent, before))
      expect({ metadata, openidScopes, allowances: kept, defaultResource }).toEqual({
        metadata: before.metadata,
        openidScopes: before.openidScopes,
        allowances,
        defaultResource: API.identifier,
      })
    },
  )

  test('may not change what never changes', async () => {
    const before = stored(await accept('web'))
    const sent = { ...clientToMetadata(before), client_id: 'cli-2', signet_status: 'disabled' }
    expect(() => metadataToInput(sent, before)).toThrow(ClientMetadataError)
    try {
      metadataToInput(sent, before)
    } catch (error) {
      expect((error as ClientMetadataError).faults).toEqual([
        { field: 'client_id', given: 'cli-2', expected: 'cli-1; it is not changed this way' },
        { field: 'signet_status', given: 'disabled', expected: 'enabled; it is not changed this way' },
      ])
    }
  })
})
