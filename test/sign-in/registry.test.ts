/** What is left to prove follows from the rows of the methods. */
import { describe, expect, test } from 'vitest'
import { nextProof } from '#sign-in/next-proof.ts'
import { createMethodRegistry } from '#sign-in/registry.ts'
import type { MethodTraits } from '#sign-in/sign-in-method.ts'
import { registry, ROWS } from '../support/sign-in-registry.ts'

const MFA = 'urn:signet:acr:mfa'
const PASSKEY = 'urn:signet:acr:passkey'
const PASSWORD = 'urn:signet:acr:password'
const MAILED: MethodTraits = {
  name: 'magic-link',
  kinds: ['knowledge'],
  phishingResistant: false,
  amr: { always: ['otp'] },
  first: true,
  attemptCounter: 'magic-link',
}
const KEY_CARD: MethodTraits = { ...MAILED, name: 'card', kinds: ['possession'], amr: { always: ['sc'] } }
const further = createMethodRegistry([...ROWS, MAILED, KEY_CARD])

const next = (amr: readonly string[], methods: readonly string[], asked: readonly string[] = []) =>
  nextProof(further, { amr, asked, enrolled: { methods, mustReplace: [] } })
const SECOND = { kind: 'second', methods: ['totp', 'recovery_code'] }
const WITH_APP = ['password', 'totp', 'recovery_code']

describe('what is left to prove', () => {
  test.each([
    ['a password', ['pwd'], SECOND],
    ['an upstream provider', ['fed'], SECOND],
    ['a mailed code', ['otp'], SECOND],
    ['a password and a mailed code, which are one kind', ['pwd', 'otp'], SECOND],
    ['a password and an app code', ['pwd', 'otp', 'mfa'], { kind: 'done' }],
    ['a passkey', ['hwk', 'user', 'mfa'], { kind: 'done' }],
    ['a card, which is had like the app', ['sc'], { kind: 'done' }],
    ['nothing', [], { kind: 'identity' }],
    ['values that no method has', ['face'], { kind: 'identity' }],
  ] as const)('after %s, of somebody with an authenticator app', (_, amr, expected) => {
    expect(next(amr, WITH_APP)).toEqual(expected)
  })

  test('a second kind is wanted where a class asks for it, of somebody who has none', () => {
    for (const amr of [['pwd'], ['otp'], ['fed'], ['pwd', 'otp']]) {
      expect(next(amr, ['password'])).toEqual({ kind: 'done' })
      expect(next(amr, ['password'], [MFA])).toEqual({ kind: 'unmet' })
      expect(next(amr, ['password', 'passkey'], [MFA])).toEqual({ kind: 'second', methods: ['passkey'] })
    }
    expect(next(['sc'], WITH_APP, [MFA])).toEqual({ kind: 'unmet' })
    expect(next(['pwd', 'otp', 'mfa'], WITH_APP, [PASSKEY])).toEqual({ kind: 'unmet' })
  })

  test('of somebody with a passkey too, it may be the second proof', () => {
    expect(next(['pwd'], [...WITH_APP, 'passkey'])).toEqual({
      kind: 'second',
      methods: ['totp', 'recovery_code', 'passkey'],
    })
  })

  test.each([
    ['a password and an app', WITH_APP, ['password']],
    ['a password and a passkey', ['password', 'passkey'], ['password', 'passkey']],
    ['a provider alone', ['federated'], []],
    ['a provider and a password', ['federated', 'password'], ['password']],
  ] as const)(
    'a proof that shows nobody is here now is followed by one of ours, of somebody with %s',
    (_who, has, methods) => {
      const enrolled = { methods: has, mustReplace: [] }
      const amr = ['pwd', 'otp', 'mfa']
      expect(nextProof(further, { amr, asked: [], enrolled, isStale: true })).toEqual({ kind: 'recent', methods })
      expect(nextProof(further, { amr, asked: [], enrolled, isStale: false })).toEqual({ kind: 'done' })
    },
  )

  test('a password that somebody else chose is replaced after a proof by it, and not after another one', () => {
    const enrolled = { methods: ['password'], mustReplace: ['password'] }
    expect(nextProof(further, { amr: ['pwd'], asked: [], enrolled })).toEqual({ kind: 'replace', method: 'password' })
    expect(nextProof(further, { amr: ['fed'], asked: [], enrolled })).toEqual({ kind: 'done' })
  })
})

describe('proofs together', () => {
  test.each([
    [['pwd'], 'totp', ['otp'], ['pwd', 'otp', 'mfa'], MFA],
    [['pwd'], 'recovery_code', ['otp'], ['pwd', 'otp', 'mfa'], MFA],
    [['otp'], 'totp', ['otp'], ['otp', 'mfa'], MFA],
    [['fed'], 'totp', ['otp'], ['fed', 'otp', 'mfa'], MFA],
    [['pwd'], 'magic-link', ['otp'], ['pwd', 'otp'], PASSWORD],
    [['fed'], 'password', ['pwd'], ['fed', 'pwd'], PASSWORD],
    [['pwd'], 'card', ['sc'], ['pwd', 'sc', 'mfa'], MFA],
    [[], 'passkey', ['swk', 'user', 'mfa'], ['swk', 'user', 'mfa'], PASSKEY],
    [['pwd'], 'passkey', ['hwk', 'user', 'mfa'], ['pwd', 'hwk', 'user', 'mfa'], PASSKEY],
  ] as const)('%j and %s are two factors only where their kinds differ', (...[before, method, amr, joined, acr]) => {
    expect(further.joined(before, { method, amr })).toEqual(joined)
    expect(further.acrOf(joined)).toBe(acr)
  })
})

describe('rows', () => {
  const alike = 'as they prove different kinds'
  const double: MethodTraits = { ...MAILED, name: 'double', kinds: ['knowledge', 'possession'] }

  test.each<[string, MethodTraits, string]>([
    ['of one name', { ...MAILED, name: 'totp' }, 'two sign-in methods are called totp'],
    ['with the values of another kind', { ...KEY_CARD, amr: MAILED.amr }, alike],
    ['with the values of another kind and more', { ...KEY_CARD, amr: { always: ['sc', 'otp'] } }, alike],
    ['with the values of one of their kinds', double, alike],
  ])('%s are refused', (_what, row, refusal) => {
    expect(() => createMethodRegistry([...ROWS, MAILED, row])).toThrow(refusal)
    expect(() => createMethodRegistry([...ROWS, row, MAILED])).toThrow(refusal)
  })

  test('with the values of another of the same kind are taken', () => {
    expect(createMethodRegistry([...ROWS, MAILED, { ...MAILED, name: 'link' }]).methods).toHaveLength(ROWS.length + 2)
  })

  test('that nobody has are a bug', () => {
    expect(() => registry.named('nobody')).toThrow(new TypeError('there is no sign-in method nobody'))
  })

  test('reach the class of a passkey only if they resist phishing and are of two kinds', () => {
    const card = { ...KEY_CARD, phishingResistant: true }
    const methods = createMethodRegistry([...ROWS, card, { ...double, amr: { always: ['two'] } }])
    expect([['sc'], ['two']].map((amr) => methods.acrOf(amr))).toEqual([PASSWORD, PASSWORD])
  })
})

test('what a provider says of its own proof never stands for one of ours', () => {
  expect([...registry.reserved].toSorted()).toEqual(['fed', 'hwk', 'mfa', 'otp', 'pwd', 'swk', 'user'])
})
