/** Whether the proofs of a session are recent and strong enough to change how somebody signs in. */
import { describe, expect, test } from 'vitest'
import { isFreshlyProven, strongestOf } from '#sign-in/proof-times.ts'
import type { MethodTraits } from '#sign-in/sign-in-method.ts'
import { registry } from '../support/sign-in-registry.ts'

const NOW = 1_000_000
const recent = (...names: string[]) => Object.fromEntries(names.map((name) => [name, NOW - 300]))
const old = (...names: string[]) => Object.fromEntries(names.map((name) => [name, NOW - 301]))
const isFresh = (provenAt: Record<string, number>, enrolled: string[]) =>
  isFreshlyProven(registry, { provenAt, enrolled, now: NOW })

describe('ASVS 7.5.1: a change needs the strongest method that is set up, proven within five minutes', () => {
  test.each([
    ['a password', recent('password'), ['password'], true],
    ['a password of six minutes ago', old('password'), ['password'], false],
    ['nothing', {}, ['password'], false],
    ['a password, of somebody with a passkey', recent('password'), ['password', 'passkey'], false],
    ['a passkey', recent('passkey'), ['password', 'passkey'], true],
    ['a password, of somebody with an authenticator app', recent('password'), ['password', 'totp'], false],
    ['a code', recent('totp'), ['password', 'totp', 'recovery_code'], true],
    ['a passkey, of somebody with both', recent('passkey'), ['password', 'totp', 'passkey'], true],
    ['a code alone, of somebody with both', recent('totp'), ['password', 'totp', 'passkey'], false],
    [
      'a code, and a password of six minutes ago',
      { ...recent('totp'), ...old('password') },
      ['password', 'totp', 'passkey'],
      false,
    ],
    ['a provider', recent('federated'), ['federated'], true],
    ['a provider that does not say when', {}, ['federated'], false],
  ] as const)('%s', (_, provenAt, enrolled, expected) => {
    expect(isFresh({ ...provenAt }, [...enrolled])).toBe(expected)
  })
})

test('a method that can be phished, or is of one kind, is no stronger than a code', () => {
  const method = (name: string, also: Partial<MethodTraits>): MethodTraits => ({
    name,
    kinds: ['possession'],
    phishingResistant: false,
    amr: { always: [name] },
    first: true,
    ...also,
  })
  const card = method('card', { phishingResistant: true })
  const both = method('both', { kinds: ['possession', 'knowledge'] })
  const methods = [card, both, method('app', { second: 'always' })]
  expect(strongestOf({ methods }, ['card', 'both', 'app'])).toBe('app')
  expect(isFreshlyProven({ methods }, { provenAt: { card: NOW }, enrolled: ['card', 'app'], now: NOW })).toBe(false)
})

describe('in place of a lost method count', () => {
  test.each([
    ['a recovery code', recent('recovery_code'), ['password', 'totp', 'recovery_code'], true],
    ['two proofs of different kinds', recent('password', 'totp'), ['password', 'totp', 'passkey'], true],
    ['not two proofs of one kind', recent('password', 'federated'), ['password', 'federated', 'totp'], false],
    ['a code by mail, where another server alone knows the person', recent('mail_code'), ['federated'], true],
    ['not a code by mail of six minutes ago', old('mail_code'), ['federated'], false],
    ['not a code by mail of somebody with a password', recent('mail_code'), ['federated', 'password'], false],
    ['not a password and a code by mail', recent('password', 'mail_code'), ['password', 'totp'], false],
  ] as const)('%s', (_, provenAt, enrolled, expected) => {
    expect(isFresh({ ...provenAt }, [...enrolled])).toBe(expected)
  })
})

test('the strongest method is a passkey, then an authenticator app, and no first factor', () => {
  expect(strongestOf(registry, ['password', 'totp', 'recovery_code', 'passkey'])).toBe('passkey')
  expect(strongestOf(registry, ['password', 'totp', 'recovery_code'])).toBe('totp')
  expect(strongestOf(registry, ['password', 'federated'])).toBeUndefined()
})
