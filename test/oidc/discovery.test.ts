/** The discovery documents: the same at both places, and written anew when a setting or a resource changes. */
import { expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { eventually } from '../support/eventually.ts'
import { startServer } from '../support/server.ts'

test('the documents follow the settings and the resources, and go back', async () => {
  const server = await startServer()
  const admin = await administrator(server)
  const read = async (name = 'openid-configuration') => {
    const response = await server.fetch(`/.well-known/${name}`)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    return (await response.json()) as Record<string, unknown>
  }
  const headersOf = async (headers: Record<string, string> = {}) => {
    const response = await server.fetch('/.well-known/openid-configuration', { headers })
    return Object.fromEntries([...response.headers].filter(([name]) => !/^(?:date|x-request-id)$/.test(name)))
  }
  // what is written once has the headers of the engine's answer, and those for another origin where it is asked from one
  const first = await headersOf()
  expect(await headersOf()).toEqual(first)
  expect(await headersOf({ origin: 'https://app.example.com' })).toHaveProperty('access-control-allow-origin')
  expect(await headersOf()).toEqual(first)
  const before = await read()
  expect(await read('oauth-authorization-server')).toEqual(before)
  expect(before).not.toHaveProperty('registration_endpoint')

  await admin.call('PATCH', '/settings', { client_registration: { mode: 'token' } })
  await eventually(async () => 'registration_endpoint' in (await read()))
  const api = 'https://api.example.com'
  await admin.resource(api, ['read'], { open_scopes: ['read'] })
  await eventually(async () => 'protected_resources' in (await read()))
  expect(await read('oauth-authorization-server')).toEqual({
    ...before,
    registration_endpoint: `${server.issuer}/register`,
    protected_resources: [api],
    client_id_metadata_document_supported: true,
  })

  await admin.call('DELETE', `/resources/${encodeURIComponent(api)}`)
  await admin.call('PATCH', '/settings', { client_registration: { mode: null } })
  await eventually(async () => !('registration_endpoint' in (await read())))
  expect(await read()).toEqual(before)
})
