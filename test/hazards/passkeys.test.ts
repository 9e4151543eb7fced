/** V30: what a forger of passkeys tries, each refused by the server, with its reason in the audit log. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { authenticator, foreignKey, type Forgery, type CreateOptions } from '../support/authenticator.ts'
import { BY, ISSUER, openPasskeyWorld, PAGE, passkeysOf } from '../support/passkey-world.ts'
import { refusal } from '../support/rooms.ts'

const { enrolled, here, isRefused, lastEvent, present, rooms, somebody, there } = await openPasskeyWorld()

describe('V30: an assertion is refused by the server', () => {
  const lies: readonly { what: string; lie: Forgery; reason: string }[] = [
    { what: 'without user verification', lie: { verified: false }, reason: 'the person was not verified' },
    { what: 'without anybody present', lie: { present: false }, reason: 'nobody was present' },
    { what: 'made on another origin', lie: { origin: 'https://id.example.com.evil.example' }, reason: 'wrong origin' },
    { what: 'made on another port', lie: { origin: 'https://id.example.com:8443' }, reason: 'wrong origin' },
    { what: 'for another RP ID', lie: { rpId: 'example.com' }, reason: 'wrong RP ID' },
    { what: 'whose rawId is another one', lie: { rawId: 'AAAA' }, reason: 'the two ids of the response differ' },
    {
      what: 'of the other ceremony',
      lie: { type: 'webauthn.create' },
      reason: 'the response is of another ceremony',
    },
    {
      what: 'made in a frame of another site',
      lie: { crossOrigin: true },
      reason: 'the response was made in a frame of another site',
    },
    { what: 'of a passkey nobody has', lie: { id: 'AAAA' }, reason: 'unknown passkey' },
    {
      what: 'for the handle of another person',
      lie: { userHandle: 'AAAA' },
      reason: 'the passkey is of another person',
    },
    {
      what: 'by a passkey that was not to be copied, and now says it may be',
      lie: { synced: true },
      reason: 'the passkey says of itself what it did not say when it was made',
    },
    {
      what: 'signed by another key',
      lie: { key: foreignKey() },
      reason: 'the signature is not of this passkey',
    },
    {
      what: 'for a challenge of no page of ours',
      lie: { challenge: Buffer.alloc(52).toString('base64url') },
      reason: 'the challenge was spent, is too old or is not for this page',
    },
  ]

  test.each(lies)('$what', async ({ lie, reason }) => {
    const { account, passkey } = await enrolled()
    await isRefused(present(passkey, lie), reason)
    expect(await present(passkey)).toMatchObject({ account: { id: account.id } })
  })

  test.each([
    '',
    '{',
    '[]',
    '{"id":"AAAA"}',
    JSON.stringify({ id: 'AA', rawId: 'AA', type: 'public-key', response: {} }),
  ])('that is no assertion at all: %j', async (credential) => {
    await isRefused(here.verify({ credential, binding: PAGE, clientId: 'shop' }, BY), 'the response is malformed')
  })

  test('whose parts are no client data and no authenticator data, without a fault of the server', async () => {
    const { passkey } = await enrolled()
    for (const member of ['clientDataJSON', 'authenticatorData', 'signature']) {
      for (const value of ['AA', 'A'.repeat(50), Buffer.from('{"challenge":7}').toString('base64url')]) {
        const sent = JSON.parse(passkey.assertion(here.options(PAGE))) as { response: Record<string, string> }
        sent.response[member] = value
        expect(
          await here.verify({ credential: JSON.stringify(sent), binding: PAGE, clientId: 'shop' }, BY),
        ).toBeUndefined()
      }
    }
  })

  test('whose counter went back, stood still, or was overtaken', async () => {
    const { passkey } = await enrolled()
    expect(await present(passkey, { signCount: 10 })).toBeDefined()
    await isRefused(present(passkey, { signCount: 10 }), 'the counter went back')
    await isRefused(present(passkey, { signCount: 9 }), 'the counter went back')
    await isRefused(present(passkey, { signCount: 0 }), 'the counter went back')
    expect(await present(passkey, { signCount: 11 })).toBeDefined()
  })

  test('of two assertions with one count at the same time, one is refused', async () => {
    const { passkey } = await enrolled()
    const proofs = await Promise.all(
      Array.from({ length: 10 }, (_, at) => present(passkey, { signCount: 5 }, at % 2 ? here : there)),
    )
    expect(proofs.filter((proof) => proof !== undefined)).toHaveLength(1)
  })

  test('with a text in its client data that would be a line of its own in a log, and the text is kept nowhere', async () => {
    const { passkey } = await enrolled()
    await isRefused(present(passkey, { origin: 'https://evil.example\r\n{"level":"info"}' }), 'wrong origin')
    expect(JSON.stringify(await lastEvent())).not.toContain('evil.example')
  })
})

describe('V30: a challenge', () => {
  const SPENT = 'the challenge was spent, is too old or is not for this page'

  test('ASVS 6.7.2: is answered once, on whichever node, however many present the answer', async () => {
    const { passkey } = await enrolled(authenticator(ISSUER, { counts: false }))
    const credential = passkey.assertion(here.options(PAGE))
    const attempt = { credential, binding: PAGE, clientId: 'shop' }
    const proofs = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 ? here : there).verify(attempt, BY)))
    expect(proofs.filter((proof) => proof !== undefined)).toHaveLength(1)
    await isRefused(there.verify(attempt, BY), SPENT)
  })

  test('is spent by an answer that was refused', async () => {
    const { passkey } = await enrolled()
    const options = here.options(PAGE)
    const refused = { credential: passkey.assertion(options, { verified: false }), binding: PAGE, clientId: 'shop' }
    await isRefused(here.verify(refused, BY), 'the person was not verified')
    await isRefused(there.verify({ ...refused, credential: passkey.assertion(options) }, BY), SPENT)
  })

  test('answers for its own page alone', async () => {
    const { passkey } = await enrolled()
    const credential = passkey.assertion(here.options(PAGE))
    await isRefused(here.verify({ credential, binding: 'interaction 2', clientId: 'shop' }, BY), SPENT)
  })

  test('to make a passkey signs nobody in, and one to sign in makes none', async () => {
    const { account, passkey } = await enrolled()
    const { challenge } = await here.registrationOptions(account, PAGE)
    await isRefused(present(passkey, { challenge }), SPENT)
    const other = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE), {
      // bound alike, were it for the same
      challenge: here.options(JSON.stringify([account.id, PAGE])).challenge,
    })
    const made = { credential: other.attestation, binding: PAGE, name: 'Key' }
    expect(await refusal(here.register(account, made, SYSTEM))).toMatchObject({ code: 'passkey_refused' })
  })

  test('is too old after five minutes by the clock of the database', async () => {
    const { passkey } = await enrolled()
    const ago = (seconds: number) => passkeysOf(rooms, { now: () => new Date(Date.now() - seconds * 1000) })
    const late = { credential: passkey.assertion(ago(301).options(PAGE)), binding: PAGE, clientId: 'shop' }
    await isRefused(here.verify(late, BY), SPENT)
    const inTime = { credential: passkey.assertion(ago(290).options(PAGE)), binding: PAGE, clientId: 'shop' }
    expect(await here.verify(inTime, BY)).toBeDefined()
  })

  test('with another expiry, or another bit of chance, is not ours', async () => {
    const { passkey } = await enrolled()
    for (const at of [0, 15, 16, 19, 20, 51]) {
      const bytes = Buffer.from(here.options(PAGE).challenge, 'base64url')
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await isRefused(present(passkey, { challenge: bytes.toString('base64url') }), SPENT)
    }
  })

  test('is kept as a digest and forgotten when it could not be presented any more', async () => {
    const { passkey } = await enrolled()
    const options = here.options(PAGE)
    await here.verify({ credential: passkey.assertion(options), binding: PAGE, clientId: 'shop' }, BY)
    const { rows } = await rooms.db.query<{ line: string }>('SELECT t::text AS line FROM spent_passkey_challenges t')
    const bytes = Buffer.from(options.challenge, 'base64url')
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.map(({ line }) => line).join()).not.toContain(bytes.toString('hex'))
    expect(await here.removeExpired()).toBe(0)
    await rooms.db.query(`UPDATE spent_passkey_challenges SET expires_at = now() - interval '2 minutes'`)
    expect(await there.removeExpired()).toBe(rows.length)
  })
})

describe('V30: a new passkey is refused by the server', () => {
  const lies: readonly { what: string; how: CreateOptions; why: string }[] = [
    { what: 'with an algorithm that was not offered', how: { alg: -35 }, why: 'the algorithm was not offered' },
    { what: 'without user verification', how: { verified: false }, why: 'the person was not verified' },
    { what: 'made on another origin', how: { origin: 'https://evil.example' }, why: 'wrong origin' },
    { what: 'for another RP ID', how: { rpId: 'example.com' }, why: 'wrong RP ID' },
    { what: 'whose rawId is another one', how: { rawId: 'AAAA' }, why: 'the two ids of the response differ' },
    {
      what: 'under an id that is not its own',
      how: { id: 'AAAA' },
      why: 'the id is not that of the passkey which was made',
    },
    {
      what: 'in a frame of another site',
      how: { crossOrigin: true },
      why: 'the response was made in a frame of another site',
    },
  ]

  test.each(lies)('$what', async ({ how, why }) => {
    const account = await somebody()
    const { attestation } = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE), how)
    const made = { credential: attestation, binding: PAGE, name: 'Key' }
    expect(await refusal(here.register(account, made, SYSTEM))).toMatchObject({
      code: 'passkey_refused',
      status: 422,
      logDetail: why,
      message: 'The passkey could not be added: the answer of the device does not fit, or came too late. Try again.',
    })
    expect(await here.list(account.id)).toEqual([])
  })

  test('for a challenge that was shown to another person or was answered already', async () => {
    const [ada, eve] = [await somebody(), await somebody()]
    const { attestation } = authenticator(ISSUER).make(await here.registrationOptions(ada, PAGE))
    const made = { credential: attestation, binding: PAGE, name: 'Key' }
    expect(await refusal(here.register(eve, made, SYSTEM))).toMatchObject({ code: 'passkey_refused' })
    await here.register(ada, made, SYSTEM)
    expect(await refusal(there.register(ada, made, SYSTEM))).toMatchObject({ code: 'passkey_refused' })
  })

  test('whose statement points to certificates is taken without looking at them', async () => {
    const account = await somebody()
    const { attestation } = authenticator(ISSUER).make(await here.registrationOptions(account, PAGE), {
      fmt: 'packed',
      attStmt: new Map<string, unknown>([
        ['alg', -7],
        ['sig', Buffer.alloc(70)],
        ['x5c', [Buffer.from('not a certificate')]],
      ]),
    })
    await here.register(account, { credential: attestation, binding: PAGE, name: 'Key' }, SYSTEM)
    expect(await here.list(account.id)).toHaveLength(1)
  })
})
