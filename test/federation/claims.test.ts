/** What is believed of the claims of an upstream provider. */
import { describe, expect, test } from 'vitest'
import { amrOf, profileOf, provenAtOf } from '#federation/claims.ts'
import type { Upstream } from '#federation/upstream.ts'
import { registry } from '../support/sign-in-registry.ts'

const MAPPING = { email: 'mail', email_verified: 'mail_ok', name: 'full_name', given_name: 'first' }

/** What `profileOf` reads of a provider. */
function aProvider(id: string, also: Partial<Upstream> = {}): Upstream {
  return { id, claims: MAPPING, domains: [], trustEmail: false, ...also } as Upstream
}

const acme = aProvider('acme', { domains: ['acme.example'] })
const other = aProvider('other')

function profile(claims: Record<string, unknown>, upstream = other, configured = [acme, other]) {
  return profileOf(upstream, { sub: 's', mail: 'ada@example.com', mail_ok: true, ...claims }, configured)
}

describe('an address', () => {
  test.each([
    ['true', true, true],
    ['"true", as some providers send it', 'true', true],
    ['false', false, false],
    ['"false"', 'false', false],
    ['1', 1, false],
    ['not said', undefined, false],
  ])('whose verification is %s', (_what, said, believed) => {
    expect(profile({ mail_ok: said }).verifiedEmail).toBe(believed ? 'ada@example.com' : undefined)
  })

  test('of a provider whose addresses are trusted is believed where the provider says nothing, and only there', () => {
    const trusted = aProvider('other', { trustEmail: true })
    expect(profile({ mail_ok: undefined }, trusted).verifiedEmail).toBe('ada@example.com')
    expect(profile({ mail_ok: false }, trusted).verifiedEmail).toBeUndefined()
    const unmapped = aProvider('other', { trustEmail: true, claims: { email: 'mail' } })
    expect(profile({ mail_ok: false }, unmapped).verifiedEmail).toBe('ada@example.com')
  })

  test('in the domain of a provider is believed from that provider alone', () => {
    const mail = 'ada@ACME.example'
    expect(profile({ mail }, acme).verifiedEmail).toBe(mail)
    expect(profile({ mail }, other).verifiedEmail).toBeUndefined()
    expect(profile({ mail: 'ada@sub.acme.example' }, other).verifiedEmail).toBe('ada@sub.acme.example')
  })

  test.each([undefined, 7, 'nobody', ''])('of %j is none', (mail) => {
    expect(profile({ mail }).verifiedEmail).toBeUndefined()
  })
})

describe('the profile', () => {
  test('has the name and the mapped claims, and leaves out what is malformed', () => {
    expect(profile({ full_name: 'Ada', first: 'Ada', family_name: 'L' })).toMatchObject({
      name: 'Ada',
      claims: { given_name: 'Ada' },
    })
    expect(profile({ full_name: 7, first: 7 })).toMatchObject({ name: undefined, claims: {} })
    expect(profile({ first: null }).claims).toEqual({})
  })

  test('has nothing that is not mapped, whatever the claims are called', () => {
    const unmapped = aProvider('other', { claims: { email: 'mail' } })
    expect(profile({ name: 'Ada', undefined: 'Ada' }, unmapped)).toMatchObject({ name: undefined, claims: {} })
  })

  test('a name may have 200 characters', () => {
    expect(profile({ full_name: 'x'.repeat(200) }).name).toHaveLength(200)
    expect(profile({ full_name: 'x'.repeat(201) }).name).toBeUndefined()
  })
})

describe('ASVS 6.8.4: the time of the sign-in', () => {
  const times = { beganAt: 1000, now: 1100 }
  test.each([
    ['the time itself', 1050, 1050],
    ['whole seconds', 1050.9, 1050],
    ['a minute before the request', 940, 940],
    ['longer before it', 939.9, 'unknown'],
    ['no later than now, with a clock that is a minute ahead', 1160, 1100],
    ['further ahead', 1160.1, 'unknown'],
    ['a text', '1050', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('%s', (_what, auth_time, provenAt) => {
    expect(provenAtOf({ sub: 's', auth_time }, times)).toBe(provenAt)
  })

  test('is unknown if the request began at an unknown time', () => {
    expect(provenAtOf({ sub: 's', auth_time: 1050 }, { ...times, beganAt: undefined })).toBe('unknown')
  })
})

describe('the methods that a provider names', () => {
  const amr = (said: unknown) => amrOf({ sub: 's', amr: said }, (value) => registry.reserved.has(value))
  test.each([
    [undefined, []],
    ['sms', []],
    [
      ['sms', 'face'],
      ['sms', 'face'],
    ],
    // values that would count as a proof of ours
    [['mfa', 'otp', 'hwk', 'sms'], ['sms']],
    [['', 'a b', 'x'.repeat(31), '<b>', 'x'.repeat(30)], ['x'.repeat(30)]],
    [[7, null, 'sms'], ['sms']],
  ])('%j are told beside "fed" as %j', (said, told) => {
    expect(amr(said)).toEqual(['fed', ...told])
  })

  test('are ten at most', () => {
    const said = Array.from({ length: 11 }, (_, at) => `m${at}`)
    expect(amr(said)).toEqual(['fed', ...said.slice(0, 10)])
  })
})
