/** Passkeys on PostgreSQL, two nodes of one database: what is asked of a browser, who is let in, and what an account has. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import { authenticator } from '../support/authenticator.ts'
import { ISSUER, openPasskeyWorld, PAGE } from '../support/passkey-world.ts'
import { refusal } from '../support/rooms.ts'

const { enrolled, here, isRefused, lastEvent, present, rooms, somebody, there } = await openPasskeyWorld()

describe('the request to a browser', () => {
  test('names no passkey and nobody, asks for user verification, and has a challenge of its own', () => {
    const [one, other] = [here.options(PAGE), here.options(PAGE)]
    expect(one).toMatchObject({ rpId: 'id.example.com', allowCredentials: [], userVerification: 'required' })
    expect(one.challenge).not.toBe(other.challenge)
    expect(Buffer.from(one.challenge, 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  test('to make one asks for a discoverable passkey, without attestation, and names those there are', async () => {
    const { account, passkey } = await enrolled()
    const options = await here.registrationOptions(account, PAGE)
    expect(options).toMatchObject({
      rp: { id: 'id.example.com', name: 'Signet' },
      user: { name: account.email, displayName: 'Ada' },
      excludeCredentials: [{ type: 'public-key', id: passkey.id, transports: ['internal'] }],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    })
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
  })

  test('knows a person by a handle that is random, stays the same, and is not the subject', async () => {
    const [ada, eve] = [await somebody(), await somebody()]
    const handles = await Promise.all([ada, ada, eve].map((who) => here.registrationOptions(who, PAGE)))
    const [first, again, other] = handles.map(({ user }) => user.id) as [string, string, string]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(Buffer.from(first, 'base64url')).toHaveLength(32)
    expect(Buffer.from(first, 'base64url').toString()).not.toContain(ada.id)
  })
})

describe('the right passkey', () => {
  test('finds its account by itself, counts as two kinds of proof, and is noted as used', async () => {
    const { account, passkey } = await enrolled()
    expect(await here.list(account.id)).toMatchObject([{ name: 'Telephone', synced: false, lastUsedAt: undefined }])
    const proof = await present(passkey, {}, there)
    expect(proof).toMatchObject({ account: { id: account.id }, amr: ['hwk', 'user', 'mfa'] })
    expect(await lastEvent()).toMatchObject({
      type: 'sign_in.succeeded',
      actor: { kind: 'account', id: account.id },
      accountId: account.id,
      clientId: 'shop',
      requestId: 'req-1',
      detail: { method: 'passkey' },
    })
    const [used] = await there.list(account.id)
    expect(Date.now() - (used?.lastUsedAt?.getTime() ?? 0)).toBeLessThan(60_000)
  })

  test('that is copied to several devices is told apart from one in hardware, and need not count', async () => {
    const { account, passkey } = await enrolled(authenticator(ISSUER, { counts: false, synced: true }))
    for (let times = 0; times < 2; times += 1) {
      expect(await present(passkey)).toMatchObject({ account: { id: account.id }, amr: ['swk', 'user', 'mfa'] })
    }
    expect(await here.list(account.id)).toMatchObject([{ synced: true }])
  })

  test.each([-8, -7, -257] as const)('works with the algorithm %i', async (alg) => {
    const account = await somebody()
    const { attestation, passkey } = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE), { alg })
    await here.register(account, { credential: attestation, binding: PAGE, name: 'Key' }, SYSTEM)
    expect(await present(passkey)).toMatchObject({ account: { id: account.id } })
  })

  test('of a disabled account is refused, and says why in the audit log alone', async () => {
    const { account, passkey } = await enrolled()
    await rooms.accounts.setStatus(account.id, 'disabled', undefined, SYSTEM)
    await isRefused(present(passkey), 'the account is disabled')
    await rooms.accounts.remove(account.id, undefined, SYSTEM)
    await isRefused(present(passkey), 'unknown passkey')
  })
})

async function onlyId(sub: string): Promise<string> {
  const [first] = await here.list(sub)
  if (!first) throw new Error('the account has no passkey')
  return first.id
}

describe('the passkeys of an account', () => {
  test('are several, with names; a change of them is in the audit log', async () => {
    const account = await somebody()
    const by = { actor: { kind: 'account', id: account.id }, address: '192.0.2.7' } as const
    for (const name of ['  Telephone ', '열쇠']) {
      const { attestation } = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE))
      await here.register(account, { credential: attestation, binding: PAGE, name }, by)
    }
    const [first, second] = await there.list(account.id)
    expect([first?.name, second?.name]).toEqual(['Telephone', '열쇠'])
    expect(await lastEvent()).toMatchObject({
      ...by,
      type: 'factor.added',
      detail: { method: 'passkey', name: '열쇠' },
    })
    await here.rename(account.id, { id: first?.id ?? '', name: 'Old telephone' }, by)
    expect(await lastEvent()).toMatchObject({ type: 'factor.renamed', detail: { name: 'Old telephone' } })
    await here.remove(account.id, second?.id ?? '', by)
    expect(await lastEvent()).toMatchObject({
      ...by,
      type: 'factor.removed',
      accountId: account.id,
      subject: { kind: 'account', id: account.id },
      detail: { method: 'passkey', name: '열쇠' },
    })
    expect(await here.list(account.id)).toMatchObject([{ name: 'Old telephone' }])
  })

  test('are touched by nobody else, and one that is gone is not taken away twice', async () => {
    const [{ account, passkey }, eve] = [await enrolled(), await somebody()]
    const id = await onlyId(account.id)
    const gone = { code: 'factor_not_found', status: 404 }
    expect(await refusal(here.remove(eve.id, id, SYSTEM))).toMatchObject(gone)
    expect(await refusal(here.rename(eve.id, { id, name: 'Mine' }, SYSTEM))).toMatchObject(gone)
    expect(await present(passkey)).toMatchObject({ account: { id: account.id } })
    const outcomes = await Promise.allSettled([
      here.remove(account.id, id, SYSTEM),
      there.remove(account.id, id, SYSTEM),
    ])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await isRefused(present(passkey), 'unknown passkey')
  })

  test('have a name of one to sixty characters', async () => {
    const { account } = await enrolled()
    const id = await onlyId(account.id)
    for (const name of ['', '  ', 'x'.repeat(61), 'a\u0007b', '\ud800']) {
      expect(await refusal(here.rename(account.id, { id, name }, SYSTEM))).toMatchObject({
        code: 'passkey_name_invalid',
        status: 422,
        faults: [{ field: 'name', expected: '1 to 60 characters without control characters' }],
      })
    }
    await here.rename(account.id, { id, name: '\u{1f511}'.repeat(60) }, SYSTEM)
  })

  test('are at most twenty, also when two are added at once', async () => {
    const account = await somebody()
    const add = async (passkeys: Passkeys) => {
      const { attestation } = authenticator(ISSUER).make(await passkeys.registrationOptions(account, PAGE))
      return passkeys.register(account, { credential: attestation, binding: PAGE, name: 'Key' }, SYSTEM)
    }
    for (let count = 0; count < 19; count += 1) await add(here)
    const outcomes = await Promise.allSettled([add(here), add(there), add(here)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await here.list(account.id)).toHaveLength(20)
    expect(await refusal(add(here))).toMatchObject({ code: 'too_many_passkeys', status: 409 })
  })

  test('belong to one account each: what is registered already is refused', async () => {
    const [ada, eve] = [await somebody(), await somebody()]
    const device = authenticator(ISSUER)
    const options = await here.registrationOptions(ada, PAGE)
    const { attestation, passkey } = device.make(options)
    await here.register(ada, { credential: attestation, binding: PAGE, name: 'Key' }, SYSTEM)
    const again = JSON.parse(attestation) as { response: { clientDataJSON: string } }
    const { challenge } = await here.registrationOptions(eve, PAGE)
    again.response.clientDataJSON = Buffer.from(
      JSON.stringify({ type: 'webauthn.create', challenge, origin: ISSUER, crossOrigin: false }),
    ).toString('base64url')
    const made = { credential: JSON.stringify(again), binding: PAGE, name: 'Stolen' }
    expect(await refusal(here.register(eve, made, SYSTEM))).toMatchObject({ code: 'passkey_known', status: 409 })
    expect(await present(passkey)).toMatchObject({ account: { id: ada.id } })
  })

  test('do not change when what comes with the change fails', async () => {
    const { account } = await enrolled()
    const id = await onlyId(account.id)
    const fails = () => Promise.reject(new Error('no mail today'))
    await expect(here.remove(account.id, id, SYSTEM, fails)).rejects.toThrow('no mail today')
    expect(await here.list(account.id)).toHaveLength(1)
  })

  test('cannot be added to a disabled account', async () => {
    const account = await somebody()
    const { attestation } = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE))
    await rooms.accounts.setStatus(account.id, 'disabled', undefined, SYSTEM)
    const made = { credential: attestation, binding: PAGE, name: 'Key' }
    expect(await refusal(here.register(account, made, SYSTEM))).toMatchObject({
      code: 'passkey_refused',
      logDetail: 'the account is disabled',
    })
  })
})
