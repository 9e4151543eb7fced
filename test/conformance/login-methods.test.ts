/** Every login method through the suite that all of them must pass. */
import { HOTP, Secret } from 'otpauth'
import { SYSTEM } from '#audit/audit.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createFederation } from '#federation/federation.ts'
import { createLinkStore } from '#federation/link-store.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { createRecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import { createTotp } from '#sign-in/totp/totp.ts'
import { PASSWORD } from '../support/administrator.ts'
import { authenticator } from '../support/authenticator.ts'
import { forgedProvider } from '../support/forged-provider.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { forFederation } from '../support/sign-in-registry.ts'
import { signInMethodSuite } from './login-method-suite.ts'

async function world() {
  const { url } = await cloneDatabase()
  const rooms = await Promise.all([openRooms(url), openRooms(url)])
  const [here] = rooms
  let made = 0
  const account = async (password?: string, passwords = createPasswords(here)) => {
    made += 1
    const email = `person-${made}@example.com`
    // before the transaction, which waits a few seconds at most
    const store = password === undefined ? undefined : await passwords.prepare(password)
    return here.accounts.create({ email }, SYSTEM, async (trx, { id: sub }) => {
      await store?.(trx, sub)
    })
  }
  return { rooms, ...here, account, bare: async () => (await account()).id }
}

const onBoth = <Method>(rooms: readonly [Rooms, Rooms], create: (rooms: Rooms) => Method): [Method, Method] => [
  create(rooms[0]),
  create(rooms[1]),
]

signInMethodSuite('password', async () => {
  const { rooms, account, ...here } = await world()
  return {
    ...here,
    nodes: onBoth(rooms, createPasswords),
    amr: ['pwd'],
    once: false,
    async enrol() {
      const { id: sub, email: identifier } = await account(PASSWORD)
      return {
        sub,
        right: async () => ({ identifier, password: PASSWORD }),
        wrong: async () => [
          { identifier, password: `${PASSWORD}!` },
          { identifier, password: PASSWORD.toUpperCase() },
          { identifier: `nobody-${identifier}`, password: PASSWORD },
        ],
      }
    },
  }
})

signInMethodSuite('totp', async () => {
  const { rooms, account, db, ...here } = await world()
  const nodes = onBoth(rooms, createTotp)
  const codeAt = (secret: string, counter: number) => HOTP.generate({ secret: Secret.fromBase32(secret), counter })
  const present = async (): Promise<number> => {
    const { rows } = await db.query<{ seconds: number }>('SELECT extract(epoch FROM now())::float8 AS seconds')
    return Math.floor(Number(rows[0]?.seconds) / 30)
  }
  return {
    ...here,
    nodes,
    amr: ['otp'],
    once: true,
    async enrol() {
      const person = await account()
      const { id: sub } = person
      const { secret } = await nodes[0].begin(person, 'Signet')
      const confirmed = await present()
      await nodes[0].confirm(sub, codeAt(secret, confirmed), SYSTEM)
      return {
        sub,
        // of the next step: it is taken already, and for a minute and more
        right: async () => ({ accountId: sub, code: codeAt(secret, confirmed + 1) }),
        wrong: async () => [
          { accountId: sub, code: '000000' },
          { accountId: sub, code: '' },
          { accountId: sub, code: codeAt(secret, confirmed - 5) },
          { accountId: sub, code: codeAt(secret, confirmed + 6) },
          { accountId: sub, code: codeAt(secret, confirmed) },
        ],
      }
    },
    forOther: (attempt, sub) => ({ ...attempt, accountId: sub }),
  }
})

signInMethodSuite('recovery_code', async () => {
  const { rooms, bare, ...here } = await world()
  const nodes = onBoth(rooms, createRecoveryCodes)
  return {
    ...here,
    bare,
    nodes,
    amr: ['otp'],
    once: true,
    async enrol() {
      const sub = await bare()
      const replaced = await nodes[0].generate(sub, SYSTEM)
      const codes = await nodes[0].generate(sub, SYSTEM)
      return {
        sub,
        // however it is typed
        right: async () => ({ accountId: sub, code: ` ${codes.pop()?.toLowerCase().replaceAll('-', ' ')}` }),
        wrong: async () => [
          { accountId: sub, code: replaced[0] as string },
          { accountId: sub, code: (codes[0] as string).slice(0, -1) },
          { accountId: sub, code: `${codes[0]}0` },
          { accountId: sub, code: '' },
        ],
      }
    },
    forOther: (attempt, sub) => ({ ...attempt, accountId: sub }),
  }
})

signInMethodSuite('passkey', async () => {
  const { rooms, account, bare, ...here } = await world()
  const issuer = 'https://id.example.com'
  const nodes = onBoth(rooms, (node) => createPasskeys({ ...node, clock, issuer, brand: () => 'Signet' }))
  const binding = 'interaction 1'
  return {
    ...here,
    bare,
    nodes,
    amr: ['hwk', 'user', 'mfa'],
    once: true,
    async enrol() {
      const person = await account()
      const made = authenticator(issuer).make(await nodes[0].registrationOptions(person, binding))
      await nodes[0].register(person, { credential: made.attestation, binding, name: 'Telephone' }, SYSTEM)
      const attempt = (lies = {}) => ({ credential: made.passkey.assertion(nodes[1].options(binding), lies), binding })
      return {
        sub: person.id,
        right: async () => attempt(),
        wrong: async () => [
          { credential: undefined, binding },
          { credential: 'no JSON at all', binding },
          { ...attempt(), binding: 'interaction 2' },
          attempt({ verified: false }),
          attempt({ origin: 'https://evil.example' }),
        ],
      }
    },
  }
})

signInMethodSuite('federated', async () => {
  const { rooms, bare, db, ...here } = await world()
  const provider = await forgedProvider('us')
  const both = onBoth(rooms, (node) =>
    createFederation({
      ...node,
      ...forFederation,
      clock,
      issuer: 'https://id.example.com',
      allowHttp: () => true,
      fetch: createGuardedFetch({ allow: ['127.0.0.1'] }),
      // nothing is linked or unlinked by an attempt
      mail: { enqueue: () => Promise.reject(new Error('no mail is written')) },
    }),
  )
  const upstream = 'elsewhere'
  await both[0].upstreams.create({ id: upstream, issuer: provider.issuer, clientId: 'us' }, SYSTEM)
  let made = 0

  async function attempt(claims: Record<string, unknown>, changed: Record<string, string> = {}) {
    made += 1
    const [uid, code] = [`interaction-${made}`, `code-${made}`]
    const url = await both[0].upstreamSignIn.begin({ upstream, uid, again: false })
    const { state = '', nonce } = Object.fromEntries(url?.searchParams ?? [])
    provider.codes.set(code, { nonce, ...claims })
    return { uid, answer: new URLSearchParams({ code, state, ...changed }).toString() }
  }

  return {
    ...here,
    bare,
    nodes: [both[0].upstreamSignIn, both[1].upstreamSignIn],
    amr: ['fed'],
    once: true,
    async enrol() {
      const sub = await bare()
      const subject = `subject of ${sub}`
      await createLinkStore(db).add({ upstream, subject }, sub)
      return {
        sub,
        right: () => attempt({ sub: subject }),
        wrong: async () => [
          await attempt({ sub: subject, nonce: 'another' }),
          await attempt({ sub: subject, aud: 'somebody else' }),
          await attempt({ sub: subject }, { state: 'made-up-by-somebody' }),
          await attempt({ sub: subject }, { error: 'server_error' }),
          await attempt({ sub: subject.toUpperCase() }),
          { ...(await attempt({ sub: subject })), uid: 'another-interaction' },
        ],
      }
    },
  }
})
