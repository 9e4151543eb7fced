/** The address of an account is proven where it was asked for, and a new one takes the place of the old then alone. */
import { beforeAll, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createEmailAddress, type EmailAddress } from '#verification/email-address.ts'
import { createEmailVerifications } from '#verification/email-verification/email-verifications.ts'
import { BY, type CodeWorld, openCodeWorld } from './email-code/world.ts'

const PLACE = 'session one'
const ELSEWHERE = 'session two'

let world: CodeWorld
let addresses: EmailAddress
let people = 0

beforeAll(async () => {
  world = await openCodeWorld()
  const { codes: emailCodes, db, accounts } = world
  const keyring = createKeyring([Buffer.alloc(32, 9)])
  const emailVerifications = createEmailVerifications({
    db,
    keyring,
    emailCodes,
    accounts,
    attempts: createAttempts({ db, keyring }),
  })
  addresses = createEmailAddress({ db, accounts, emailVerifications })
})

const somebody = () => world.accounts.create({ email: `somebody${(people += 1)}@example.com` }, SYSTEM)

async function asked(account: Awaited<ReturnType<typeof somebody>>, address: string) {
  await addresses.ask(PLACE, { account, address, language: 'en', path: '/account/email' }, BY)
  return world.latest()
}

test('another person, another place and a wrong code change nothing', async () => {
  const [ada, eve] = [await somebody(), await somebody()]
  const { code, token } = await asked(ada, 'new@example.com')
  expect(await addresses.asked(PLACE, ada.id)).toBe('new@example.com')
  expect(await addresses.asked(PLACE, eve.id)).toBeUndefined()
  expect(await addresses.confirm(ELSEWHERE, { accountId: ada.id, code }, BY)).toBeUndefined()
  expect(await addresses.confirm(ELSEWHERE, { accountId: ada.id, token }, BY)).toBeUndefined()
  expect(await addresses.confirm(PLACE, { accountId: eve.id, token }, BY)).toBeUndefined()
  expect(await addresses.confirm(PLACE, { accountId: ada.id, code: '00000000' }, BY)).toBeUndefined()
  expect(await world.accounts.read(ada.id)).toMatchObject({ email: ada.email, emailVerified: false, version: 1 })
  expect(await addresses.confirm(PLACE, { accountId: ada.id, code }, BY)).toMatchObject({
    email: 'new@example.com',
    emailVerified: true,
  })
  expect(await addresses.confirm(PLACE, { accountId: ada.id, code }, BY)).toBeUndefined()
})

test('an address that somebody else got meanwhile is left to them', async () => {
  const ada = await somebody()
  const { token } = await asked(ada, 'wanted@example.com')
  const other = await world.accounts.create({ email: 'Wanted@example.com' }, SYSTEM)
  expect(await addresses.confirm(PLACE, { accountId: ada.id, token }, BY)).toBeUndefined()
  expect(await world.accounts.read(ada.id)).toMatchObject({ email: ada.email, emailVerified: false })
  expect(await world.accounts.findByIdentifier('wanted@example.com')).toMatchObject({ id: other.id })
})
