/** Private-use URI schemes without a dot, for a native app by its own setting or by that of the server. */
import { describe, expect, test } from 'vitest'
import { validateClient } from '#clients/validation.ts'
import { ClientMetadataError } from '#clients/errors.ts'
import { accept, DEPS, refuse } from './least.ts'

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback'
const SCRIPTS = ['javascript', 'data', 'vbscript', 'file', 'blob', 'about', 'view-source', 'filesystem']
const WEB = ['http', 'https', 'ws', 'wss', 'ftp']

test('an administrator names the scheme that a native app may have', async () => {
  const { metadata } = await accept('native', { redirect_uris: [CURSOR], signet_redirect_schemes: ['cursor'] })
  expect(metadata).toMatchObject({ redirect_uris: [CURSOR], signet_redirect_schemes: ['cursor'] })
})

test('the refusal of another one says how', async () => {
  expect(await refuse('native', { redirect_uris: [CURSOR] })).toEqual([
    [
      'redirect_uris[0]',
      CURSOR,
      'a private-use scheme that is a reversed domain name: com.example.app:/callback; cursor: alone needs --set \'signet_redirect_schemes=["cursor"]\'',
    ],
  ])
  const other = { redirect_uris: [CURSOR], signet_redirect_schemes: ['vscode'] }
  expect(await refuse('native', other)).toHaveLength(1)
})

describe('what a browser runs or opens itself', () => {
  test.each([...SCRIPTS, ...WEB])('%s: is never allowed', async (scheme) => {
    const [fault] = await refuse('native', { signet_redirect_schemes: [scheme] })
    expect(fault).toEqual([
      'signet_redirect_schemes',
      [scheme],
      'an array of at most 20 URI schemes in lower case such as cursor, none that a browser runs',
    ])
  })

  test.each(SCRIPTS)('%s: is no redirect URI even if it got into the setting', async (scheme) => {
    const deps = { ...DEPS, selfRegisteredSchemes: () => [scheme] }
    const input = { profile: 'native', metadata: { redirect_uris: [`${scheme}:/cb`] }, origin: 'registration' } as const
    await expect(validateClient(deps, input, undefined)).rejects.toThrow(ClientMetadataError)
  })
})

test.each([['Cursor'], ['cur sor'], ['1cursor'], ['cursor:'], ['']])('%j is no scheme', async (scheme) => {
  expect(await refuse('native', { signet_redirect_schemes: [scheme] })).toHaveLength(1)
})

test('only native apps have such schemes', async () => {
  expect(await refuse('spa', { signet_redirect_schemes: ['cursor'] })).toEqual([
    ['signet_redirect_schemes', ['cursor'], 'nothing here: only native apps have private-use schemes'],
  ])
})

describe('a client that no administrator registered', () => {
  const deps = { ...DEPS, selfRegisteredSchemes: () => ['cursor'] }
  const check = (uri: string, origin: 'registration' | 'document' | 'administrator') =>
    validateClient(deps, { profile: 'native', metadata: { redirect_uris: [uri] }, origin }, undefined)

  test.each(['registration', 'document'] as const)('of origin %s has those of the setting', async (origin) => {
    expect(await check(CURSOR, origin)).toMatchObject({ metadata: { redirect_uris: [CURSOR] } })
    await expect(check('windsurf://cb/x', origin)).rejects.toMatchObject({
      faults: [
        {
          field: 'redirect_uris[0]',
          expected: expect.stringMatching(
            /windsurf: alone must be in the setting client_registration\.schemes of the server$/,
          ),
        },
      ],
    })
  })

  test('one of an administrator does not', async () => {
    await expect(check(CURSOR, 'administrator')).rejects.toThrow(ClientMetadataError)
  })
})
