/** Checks the input to create or change an account. All faults are reported at once. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Account, AccountInput } from './account.ts'
import { isText, mergeClaims } from './claims.ts'
import { emailOf } from './email.ts'
import { AccountInvalid } from './errors.ts'

export type AccountFields = Pick<Account, 'email' | 'emailVerified' | 'name' | 'claims'>

/** Returns the fields of an account: `input` on top of `before`, if given. Throws AccountInvalid. */
export function validateAccount(input: Partial<AccountInput>, before?: AccountFields): AccountFields {
  const faults: Fault[] = []
  const email = input.email === undefined && before ? before.email : emailOf(input.email)
  if (email === undefined) {
    faults.push({ field: 'email', given: shown(input.email), expected: 'an e-mail address such as ada@example.com' })
  }
  const fields = {
    email: String(email),
    emailVerified: checkVerified(input, before, faults),
    name: input.name === undefined ? before?.name : checkName(input.name, faults),
    claims:
      input.claims === undefined ? (before?.claims ?? {}) : mergeClaims(input.claims, before?.claims ?? {}, faults),
  }
  if (faults.length > 0) throw new AccountInvalid(faults)
  return fields
}

/** Returns whether the address is verified. A new address is not verified just because the old one was. */
function checkVerified(input: Partial<AccountInput>, before: AccountFields | undefined, faults: Fault[]): boolean {
  const given: unknown = input.emailVerified
  if (typeof given === 'boolean') return given
  if (given !== undefined) faults.push({ field: 'email_verified', given: shown(given), expected: 'true or false' })
  const sameAddress = input.email === undefined || emailOf(input.email)?.toLowerCase() === before?.email.toLowerCase()
  return before !== undefined && sameAddress && before.emailVerified
}

function checkName(given: unknown, faults: Fault[]): string | undefined {
  if (given === null) return undefined
  if (isText(given) && given.length <= 200) return given
  const expected = 'a text of 1 to 200 characters without control characters, or null'
  faults.push({ field: 'name', given: shown(given), expected })
  return undefined
}
