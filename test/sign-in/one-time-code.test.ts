/** One-time codes are taken as people type them. */
import { expect, test } from 'vitest'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { looksLikeRecoveryCode } from '#sign-in/recovery-code/recovery-codes.ts'
import { stepOf } from '#sign-in/totp/one-time-password.ts'

test.each([
  [' 123456\n', '123456'],
  ['123 456', '123456'],
  ['123-456', '123456'],
  ['123\u2013456', '123456'],
  ['123\u2212456', '123456'],
  ['\u200B123456\u200E', '123456'],
  ['１２３　４５６', '123456'],
  ['7kq2-m9xd-4trv', '7KQ2M9XD4TRV'],
  ['７ＫＱ２－Ｍ９ＸＤ－４ＴＲＶ', '7KQ2M9XD4TRV'],
  [' - ', ''],
])('spaces, dashes, case and width do not matter: %j', (typed, code) => {
  expect(normalizedCode(typed)).toBe(code)
})

test('an app code may be typed with separators and in full width', () => {
  // RFC 6238, appendix B
  const secret = Buffer.from('12345678901234567890')
  for (const typed of ['287082', ' 287 082 ', '287-082', '２８７０８２']) expect(stepOf(typed, secret, 59)).toBe(1)
  for (const wrong of ['287083', '28708', '287o82', '']) expect(stepOf(wrong, secret, 59)).toBeUndefined()
})

test('separators make no recovery code of an app code', () => {
  expect(looksLikeRecoveryCode('1 2 3 - 4 5 6')).toBe(false)
  expect(looksLikeRecoveryCode('7kq2 m9xd 4trv')).toBe(true)
})
