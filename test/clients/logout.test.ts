/** The members by which a client learns that a session has ended: what is taken, and what is refused. */
import { describe, expect, test } from 'vitest'
import { logoutAddressOf, needsSid } from '#clients/logout.ts'
import { accept, change, REDIRECTS, refuse, stored } from './least.ts'

const PAGE = 'https://app.example.com/signed-out?tenant=1'
const BACK_EXPECTED = 'an https URL that the server can reach, without fragment'
const FRONT_EXPECTED = 'an https URL, or http on localhost or 127.0.0.0/8, without fragment'
const OF_REDIRECT = 'a URL with the scheme, host and port of one of redirect_uris'

test('both channels are kept, and tell how the client wants to be addressed', async () => {
  const { metadata } = await accept('web', {
    backchannel_logout_uri: 'https://backend.example.com/logout',
    backchannel_logout_session_required: true,
    frontchannel_logout_uri: PAGE,
    frontchannel_logout_session_required: false,
  })
  expect(metadata).toMatchObject({
    backchannel_logout_uri: 'https://backend.example.com/logout',
    backchannel_logout_session_required: true,
    frontchannel_logout_uri: PAGE,
  })
  expect(metadata).not.toHaveProperty('frontchannel_logout_session_required')
  expect(logoutAddressOf({ metadata }, 'backchannel')).toEqual({
    uri: 'https://backend.example.com/logout',
    needsSid: true,
  })
  expect(logoutAddressOf({ metadata }, 'frontchannel')).toEqual({ uri: PAGE, needsSid: false })
  expect(needsSid({ metadata })).toBe(true)
  expect(needsSid({ metadata: { frontchannel_logout_uri: PAGE } })).toBe(false)
  expect(logoutAddressOf({ metadata: {} }, 'backchannel')).toBeUndefined()
})

test('they stay when the profile changes, and may be taken away', async () => {
  const members = { backchannel_logout_uri: PAGE, backchannel_logout_session_required: true }
  const before = stored(await accept('web', members))
  expect((await change(before, { profile: 'fapi2' })).metadata).toMatchObject(members)
  const gone = { backchannel_logout_uri: null, backchannel_logout_session_required: null }
  expect((await change(before, { metadata: gone })).metadata).not.toHaveProperty('backchannel_logout_uri')
})

describe.each([
  'http://app.example.com/logout',
  'https://app.example.com/logout#part',
  'https://user:secret@app.example.com/logout',
  'javascript:alert(1)',
  'com.example.app:/logout',
  '/logout',
  '',
  7,
])('%j', (uri) => {
  test('is no address of the back channel', async () => {
    const shown = expect.anything() as unknown
    expect(await refuse('web', { backchannel_logout_uri: uri })).toEqual([
      ['backchannel_logout_uri', uri === '' ? '' : shown, BACK_EXPECTED],
    ])
  })

  test('is no address of the front channel', async () => {
    const shown = expect.anything() as unknown
    expect(await refuse('web', { frontchannel_logout_uri: uri })).toEqual([
      ['frontchannel_logout_uri', uri === '' ? '' : shown, FRONT_EXPECTED],
    ])
  })
})

test.each([
  'https://other.example.com/signed-out',
  'https://app.example.com:8443/signed-out',
  'http://localhost/signed-out',
])('a page of the front channel at %s has no origin of a redirect URI', async (uri) => {
  expect(await refuse('web', { ...REDIRECTS, frontchannel_logout_uri: uri })).toEqual([
    ['frontchannel_logout_uri', uri, OF_REDIRECT],
  ])
})

test('a page of the front channel has no IPv6 address, which no policy can name', async () => {
  const uris = { redirect_uris: ['http://[::1]:5000/cb'], frontchannel_logout_uri: 'http://[::1]:5000/signed-out' }
  expect(await refuse('web', uris)).toEqual([['frontchannel_logout_uri', uris.frontchannel_logout_uri, FRONT_EXPECTED]])
})

test('a client to which nobody signs in has neither', async () => {
  const expected = 'nothing here: nobody signs in to a machine client'
  expect(await refuse('machine', { backchannel_logout_uri: PAGE, frontchannel_logout_uri: PAGE })).toEqual([
    ['backchannel_logout_uri', PAGE, expected],
    ['frontchannel_logout_uri', PAGE, expected],
  ])
})

test.each(['backchannel', 'frontchannel'])('%s sessions are required of an address only', async (channel) => {
  const name = `${channel}_logout_session_required`
  expect(await refuse('web', { [name]: true })).toEqual([
    [name, true, `false, or true together with ${channel}_logout_uri`],
  ])
  expect(await refuse('web', { [name]: 'yes' })).toEqual([[name, 'yes', 'true or false']])
})
