/** `signet resources create --mcp`, `signet clients document` and `unblock`: what an operator of an MCP server types. */
import { expect, test } from 'vitest'
import { DOCUMENT_CALLBACK, documentHost } from '../support/document-host.ts'
import { startSignet } from './support/signet.ts'

const signet = await startSignet()
const host = await documentHost()

/** Asks for an authorization, and returns the status. */
async function begin(id: string): Promise<number> {
  const query = new URLSearchParams({ client_id: id, response_type: 'code', redirect_uri: DOCUMENT_CALLBACK })
  const { status } = await signet.server.fetch(`/authorize?${query.toString()}`, { redirect: 'manual' })
  return status
}

test('--mcp opens all scopes, or one that it makes, and prints what to paste into the server', async () => {
  const { code, stdout } = await signet.run([
    'resources',
    'create',
    'https://mcp.example.com/mcp',
    '--name',
    'Wiki',
    '--mcp',
  ])
  expect(code).toBe(0)
  expect(stdout).toContain('mcp:tools  Use its tools')
  expect(stdout).toMatch(/open to any client\s+mcp:tools/)
  expect(stdout).toContain("audience: 'https://mcp.example.com/mcp',")
  expect(stdout).toContain("scopesSupported: ['mcp:tools'],")
  expect(stdout).toContain('https://mcp.example.com/.well-known/oauth-protected-resource/mcp')
  expect(await signet.json(['resources', 'show', 'https://mcp.example.com/mcp'])).toMatchObject({
    name: 'Wiki',
    scopes: [{ name: 'mcp:tools', description: 'Use its tools' }],
    open_scopes: ['mcp:tools'],
  })
})

test('--mcp keeps the scopes that are given, and opens only those that are named', async () => {
  const [all, some] = ['https://a.example.com/mcp', 'https://b.example.com/mcp']
  const scopes = ['--scope', 'notes:read=Read your notes', '--scope', 'notes:write']
  expect(await signet.json(['resources', 'create', all, '--mcp', ...scopes])).toMatchObject({
    open_scopes: ['notes:read', 'notes:write'],
  })
  expect(
    await signet.json(['resources', 'create', some, '--mcp', ...scopes, '--open-scope', 'notes:read']),
  ).toMatchObject({
    open_scopes: ['notes:read'],
  })
  const updated = await signet.json(['resources', 'update', some, '--open-scope', 'notes:write'])
  expect(updated).toMatchObject({ open_scopes: ['notes:write'] })
  expect(await signet.run(['resources', 'update', some, '--open-scope', 'other'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'expected an array of scopes that the resource has: notes:read, notes:write',
    ) as string,
  })
})

test('--mcp wants a URL that clients can connect to', async () => {
  expect(await signet.run(['resources', 'create', 'urn:example:mcp', '--mcp'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('registered by the URL that its clients connect to') as string,
  })
})

test('shows when a document was fetched and why it failed, and has it fetched again', async () => {
  await signet.run(['resources', 'create', 'https://open.example.com/mcp', '--mcp'])
  const id = host.document()
  expect(await signet.run(['clients', 'document', id])).toMatchObject({
    code: 1,
    stderr: `There is no client document "${id}".\n`,
  })
  await begin(id)
  const shown = await signet.run(['clients', 'document', id])
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/error\s+none/) as string })
  expect(await signet.json(['clients', 'document', id, '--refetch'])).toMatchObject({ client_id: id, error: null })
  expect(host.asked(id)).toHaveLength(2)
  host.show(id, { status: 500 })
  const failed = await signet.run(['clients', 'document', id, '--refetch'])
  expect(failed.code).toBe(1)
  expect(failed.stderr).toMatch(/could not be used: it answered with status 500\. What was fetched at .* stays\./)
  expect(await signet.json(['clients', 'list'])).toEqual(
    expect.arrayContaining([expect.objectContaining({ client_id: id, signet_client_origin: 'document' })]),
  )
})

test('a document whose client was deleted is refused until it is unblocked', async () => {
  await signet.run(['resources', 'create', 'https://deleted.example.com/mcp', '--mcp'])
  const id = host.document()
  expect(await begin(id)).toBe(303)
  const deleted = await signet.run(['clients', 'delete', id, '--yes'])
  expect(deleted.stdout).toContain(`To let the app come back: signet clients unblock ${id}\n`)
  expect(await begin(id)).toBe(400)
  expect(await signet.json(['clients', 'unblock', id])).toEqual({ client_id: id, status: 'unblocked' })
  expect(await begin(id)).toBe(303)
  const again = await signet.run(['clients', 'unblock', id])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(`No deletion blocks "${id}".`) as string })
})
