/** The rows of grants: each names its policies, and the engine serves what they say. */
import Provider from 'oidc-provider'
import { describe, expect, test } from 'vitest'
import { AUTHORIZATION_CODE } from '#oidc/grants/authorization-code/grant.ts'
import { ciba } from '#oidc/grants/ciba/feature.ts'
import type { Grant } from '#oidc/grants/grant.ts'
import { installGrants } from '#oidc/grants/install.ts'
import { createGrants, GRANTS } from '#oidc/grants/registry.ts'
import { ECHO } from '../../support/echo-grant/grant.ts'

function engine(): Provider {
  return new Provider('http://localhost:4711', {
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      ciba: ciba({ checkUserCode: async () => undefined }),
      resourceIndicators: { enabled: true },
      richAuthorizationRequests: { enabled: true, types: {} },
    },
  })
}

describe('a server does not start', () => {
  test('with a grant type in the engine that has no row', () => {
    const rows = createGrants(GRANTS.filter((row) => row !== AUTHORIZATION_CODE))
    expect(() => installGrants(engine(), rows)).toThrow(
      'the grant authorization_code has the parameters authorization_details, code, code_verifier, grant_type, redirect_uri, resource in the engine, and none in its row',
    )
  })

  test('with a row that the engine does not serve', () => {
    const row = { ...AUTHORIZATION_CODE, grantType: 'urn:example:nobody', metricLabel: 'nobody' }
    expect(() => installGrants(engine(), createGrants([...GRANTS, row]))).toThrow(
      /^the grant urn:example:nobody has the parameters none in the engine, and authorization_details, code, .+ in its row$/,
    )
  })

  test('with a parameter that only one of the two knows', () => {
    const rows = GRANTS.map((row) =>
      row === AUTHORIZATION_CODE ? { ...row, parameters: ['code', 'redirect_uri'] } : row,
    )
    expect(() => installGrants(engine(), createGrants(rows))).toThrow(
      /^the grant authorization_code has the parameters/,
    )
  })

  test('with two rows of one grant type or metric label', () => {
    expect(() => createGrants([ECHO, ECHO])).toThrow('two grants have the same grantType')
    expect(() => createGrants([ECHO, { ...ECHO, grantType: 'urn:example:other' }])).toThrow(
      'two grants have the same metricLabel',
    )
  })

  test('with a grant of our own where the engine has no client credentials', () => {
    expect(() => installGrants(new Provider('http://localhost:4711'), createGrants([ECHO]))).toThrow(
      'the grant urn:example:echo needs the grant client_credentials',
    )
  })
})

test('the rows of this server are what the engine serves', () => {
  expect(() => installGrants(engine(), createGrants(GRANTS))).not.toThrow()
})

// what is tried here is the type checker: these rows are never used
export const INCOMPLETE: readonly Grant[] = [
  // @ts-expect-error a grant names who decides its resource
  { ...ECHO, resource: undefined },
  // @ts-expect-error a grant names the ceiling of its scope
  { ...ECHO, scope: undefined },
  // @ts-expect-error a grant names its refresh policy
  { ...ECHO, refresh: undefined },
  // @ts-expect-error a grant names its profiles
  { ...ECHO, profiles: undefined },
  // @ts-expect-error nothing takes the ceiling of a grant of our own but its client, yet
  { ...ECHO, scope: 'grant' },
]
