/** The members of clients that ask a person without a browser (CIBA Core 1.0 §4): what is taken, and what is refused. */
import { expect, test } from 'vitest'
import { accept, change, refuse, stored } from './least.ts'

const CIBA = 'urn:openid:params:grant-type:ciba'
const WITH = { grant_types: ['authorization_code', CIBA] }
const MODE = 'backchannel_token_delivery_mode'
const ADDRESS = 'backchannel_client_notification_endpoint'
const ALG = 'backchannel_authentication_request_signing_alg'
const USER_CODE = 'backchannel_user_code_parameter'
const HERE = 'https://app.example.com/notified'

test('a client that has the grant polls, unless it says otherwise', async () => {
  expect((await accept('web', WITH)).metadata).toMatchObject({ [MODE]: 'poll' })
  const members = { [MODE]: 'ping', [ADDRESS]: HERE, [ALG]: 'ES256', [USER_CODE]: true }
  expect((await accept('fapi2', { ...WITH, ...members })).metadata).toMatchObject(members)
})

test('a client that loses the grant loses the members', async () => {
  const before = stored(
    await accept('web', { ...WITH, [MODE]: 'ping', [ADDRESS]: HERE, [ALG]: 'ES256', [USER_CODE]: true }),
  )
  const { metadata } = await change(before, { metadata: { grant_types: ['authorization_code'] } })
  for (const member of [MODE, ADDRESS, ALG, USER_CODE]) expect(metadata).not.toHaveProperty(member)
})

test.each([
  [MODE, 'push', 'poll or ping; push is not offered, because its tokens would not come from the token endpoint'],
  [MODE, 'carrier pigeon', 'for web poll, ping'],
  [ADDRESS, HERE, `nothing here: only a client with ${MODE} ping is notified`],
  [ALG, 'HS256', 'for web RS256, PS256, ES256, EdDSA'],
  [USER_CODE, 'yes', 'true or false'],
] as const)('%s %j is refused', async (member, value, expected) => {
  expect(await refuse('web', { ...WITH, [member]: value })).toEqual([[member, value, expected]])
})

test.each([
  [undefined, 'an https URL that the server can reach, for ping'],
  ['http://app.example.com/notified', 'an https URL that the server can reach, without fragment'],
  [`${HERE}#part`, 'an https URL that the server can reach, without fragment'],
])('ping to %j is refused', async (address, expected) => {
  const given = address === undefined ? {} : { [ADDRESS]: address }
  expect(await refuse('web', { ...WITH, [MODE]: 'ping', ...given })).toEqual([[ADDRESS, address ?? null, expected]])
})

test('a client that signs its requests has keys', async () => {
  const members = { ...WITH, token_endpoint_auth_method: 'client_secret_basic', jwks: undefined, [ALG]: 'ES256' }
  expect(await refuse('web', members)).toEqual([
    [ALG, 'ES256', 'the public keys that the client signs with beside it: jwks or jwks_uri'],
  ])
})

test.each([MODE, ADDRESS, ALG, USER_CODE])('without the grant there is no %s', async (member) => {
  const value = { [MODE]: 'poll', [ADDRESS]: HERE, [ALG]: 'ES256', [USER_CODE]: true }[member]
  expect(await refuse('web', { [member]: value })).toEqual([
    [member, value, `nothing here: only a client with the grant ${CIBA} has it`],
  ])
})

test.each(['spa', 'native', 'machine', 'device'] as const)('a %s client may not have the grant', async (profile) => {
  const [[field] = []] = await refuse(profile, { grant_types: [CIBA] })
  expect(field).toBe('grant_types')
})
