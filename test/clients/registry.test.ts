/** The rows that client metadata, authentication methods and profiles are made of. */
import { describe, expect, test } from 'vitest'
import { AUTH_METHODS, isPublic, offeredAuthMethods, usesKeys, usesSecret } from '#clients/auth-methods.ts'
import { memberOf, MEMBERS, OWN_MEMBERS, unknownMember } from '#clients/members/registry.ts'
import { PROFILES } from '#clients/profiles.ts'

describe('client metadata members', () => {
  test('have one row each, with a meaning and a JSON Schema', () => {
    const names = MEMBERS.map(({ name }) => name)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
    for (const { name, meaning, schema } of MEMBERS) {
      expect(meaning, name).toMatch(/^.+\.$/)
      expect(Object.keys(schema), name).not.toEqual([])
    }
  })

  test('are all checked: by their value, beside other members, or fixed by every profile', () => {
    const unchecked = MEMBERS.filter(
      ({ name, value, settle }) =>
        !value && !settle && !Object.values(PROFILES).every(({ fixed }) => Object.hasOwn(fixed, name)),
    )
    expect(unchecked.map(({ name }) => name)).toEqual([])
  })

  test('depend on members that exist and settle before them, unless each excludes the other', () => {
    const names = MEMBERS.map(({ name }) => name)
    for (const [at, { name, dependsOn = [] }] of MEMBERS.entries()) {
      for (const other of dependsOn) {
        const excluding = memberOf(other)?.dependsOn?.includes(name) === true
        expect(names.includes(other) && (excluding || names.indexOf(other) < at), `${name} on ${other}`).toBe(true)
      }
    }
  })

  test('have a default that their own rule accepts', () => {
    for (const { name, value, default: fallback } of MEMBERS) {
      if (fallback !== undefined) expect(value?.fits(fallback), name).toBe(true)
    }
  })

  test('of ours start with signet_', () => {
    expect(OWN_MEMBERS).toContain('signet_pkce')
    expect(OWN_MEMBERS.map((name) => unknownMember(`${name}s`))).toEqual(
      OWN_MEMBERS.map((name) => `no such member; did you mean ${name}?`),
    )
  })

  test('fixed by a profile exist', () => {
    for (const { fixed } of Object.values(PROFILES)) {
      expect(Object.keys(fixed).filter((name) => memberOf(name) === undefined)).toEqual([])
    }
  })
})

describe('client authentication methods', () => {
  test('are taken when the server offers what they need', () => {
    const always = ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none']
    expect(offeredAuthMethods({ mtls: false, authorities: false })).toEqual(always)
    expect(offeredAuthMethods({ mtls: true, authorities: true })).toEqual(Object.keys(AUTH_METHODS))
    expect(offeredAuthMethods({ mtls: true, authorities: false })).not.toContain('tls_client_auth')
  })

  test.each([
    ['private_key_jwt', [false, false, true]],
    ['client_secret_basic', [false, true, false]],
    ['client_secret_post', [false, true, false]],
    ['none', [true, false, false]],
    ['constructor', [false, false, false]],
    [undefined, [false, false, false]],
  ])('%s: public, by secret, by keys is %j', (method, expected) => {
    const metadata = { token_endpoint_auth_method: method }
    expect([isPublic(metadata), usesSecret(metadata), usesKeys(metadata)]).toEqual(expected)
  })
})
