/** E-mail addresses with domains and letters of every language, in the form in which they are stored. */
import { expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { emailOf } from '#accounts/email.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { accounts } = await openRooms((await cloneDatabase()).url)

test.each([
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
  ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
  ['ada@例え。テスト', 'ada@xn--r8jz45g.xn--zckzah'],
  [' Ada@Example.COM\t', 'Ada@Example.COM'],
  ['дарья@почта.рф', 'дарья@xn--80a1acny.xn--p1ai'],
  ['jose\u0301@example.com', 'jos\u00E9@example.com'],
])('%j is stored as %s', (typed, stored) => {
  expect(emailOf(typed)).toBe(stored)
})

test.each([
  'ada@bücher',
  'ada@büch er.example',
  'ada@bücher.example/evil',
  'ada@bücher.example%2Eevil',
  'ada@ü-.-x.example',
  'a\u202Eda@example.com',
  'a\u200Bda@example.com',
  'a da@example.com',
  `${'д'.repeat(33)}@example.com`,
  '@bücher.example',
  'аda@example.com', // a Cyrillic а
  42,
])('%j is no address', (typed) => {
  expect(emailOf(typed)).toBeUndefined()
})

test('an account is found by its address in every spelling of the domain, and has it once', async () => {
  const ada = await accounts.create({ email: 'ada@bücher.example', emailVerified: true }, SYSTEM)
  expect(ada.email).toBe('ada@xn--bcher-kva.example')
  for (const typed of ['Ada@Bücher.example', 'ada@XN--BCHER-KVA.example', ' ada@bu\u0308cher.example ']) {
    expect((await accounts.findByIdentifier(typed))?.id).toBe(ada.id)
  }
  expect(await refusal(accounts.create({ email: 'ada@xn--bcher-kva.example' }, SYSTEM))).toMatchObject({
    code: 'account_exists',
  })
  const same = await accounts.update(ada.id, { email: 'ada@BÜCHER.example' }, undefined, SYSTEM)
  expect(same).toMatchObject({ email: ada.email, emailVerified: true })
})
