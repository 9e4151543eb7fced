/** Creates the services of people: accounts, mail, sign-in, verification and federation. */
import type { Accounts } from '#accounts/account.ts'
import { createAccounts } from '#accounts/accounts.ts'
import type { Config } from '#config/config.ts'
import type { Secrets } from '#config/secrets.ts'
import { createFederation } from '#federation/federation.ts'
import { createMail, type Mail } from '#mail/mail.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { createAccountAccess, endAccountAccess } from '#oidc/sessions/account-access.ts'
import { createMasterKeys } from '#sealing/master-keys.ts'
import { createLostFactors } from '#sign-in/lost-factor/lost-factors.ts'
import { createMethods, type MethodsDeps } from '#sign-in/methods.ts'
import { noticeOf } from '#sign-in/notice.ts'
import type { SignInMethod } from '#sign-in/sign-in-method.ts'
import { createBreachRange } from '#sign-in/password/breach-range.ts'
import { createVerification } from '#verification/verification.ts'
import type { Foundations } from './foundations.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'

export interface RoomsInput {
  readonly config: Pick<Config, 'issuer' | 'production' | 'mailFrom'>
  readonly smtpUrl: Secrets['smtpUrl']
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'mailHandled'>
  /** Whether plain http to a host is allowed. */
  readonly allowHttp: (host: string) => boolean
  readonly furtherMethods: FurtherMethods | undefined
  readonly createHasher: MethodsDeps['createHasher']
}

/** Adds sign-in methods in tests. */
export type FurtherMethods = (rooms: { readonly accounts: Accounts }) => readonly SignInMethod[]

export type Rooms = ReturnType<typeof createRooms>

export function createRooms(input: RoomsInput, foundations: Foundations) {
  const { config, smtpUrl, logger, metrics } = input
  const { db, audit, keyring, settings, clock, endings } = foundations
  const brand = () => settings.current().brand.name
  const mail = createMail({ db, keyring, clock, config, smtpUrl, logger, metrics, brand })
  const accounts = createAccounts({
    db,
    audit,
    clock,
    onEnd: [(trx, { accountId, reason }) => endAccountAccess(endings, trx, accountId, `account_${reason}`)],
    onEmailChange: [(trx, before, by) => mail.enqueue(trx, noticeOf(before, 'email_changed', { by, at: clock.now() }))],
  })
  const { signIn, federation } = createSignIn({ ...input, accounts, mail, brand }, foundations)
  const verification = createVerification({
    db,
    accounts,
    audit,
    keyring,
    mail,
    passwords: signIn.passwords,
    settings,
    clock,
    // a provider that is disabled may be enabled again, so its links count as well
    isInUse: async (accountId) =>
      (await signIn.canSignIn(accountId)) || (await federation.upstreamSignIn.links(accountId)).length > 0,
    endAccess: (trx, accountId, reason) => endAccountAccess(endings, trx, accountId, reason),
  })
  return {
    accounts,
    accountAccess: createAccountAccess({ db, audit, endings, keyring }),
    mail,
    signIn,
    verification,
    federation,
    lostFactors: createLostFactors({
      db,
      audit,
      clock,
      delaySeconds: () => settings.current().limits.lost_factor_delay_seconds,
    }),
    masterKeys: createMasterKeys({ db, keyring, sealed: SEALED_COLUMNS }),
  }
}

interface SignInInput extends Pick<RoomsInput, 'config' | 'logger' | 'allowHttp' | 'furtherMethods' | 'createHasher'> {
  readonly accounts: Accounts
  readonly mail: Mail
  readonly brand: () => string
}

function createSignIn(
  { config, logger, allowHttp, furtherMethods, createHasher, accounts, mail, brand }: SignInInput,
  { db, notifications, audit, keyring, settings, clock, fetch, upstreamFetch }: Foundations,
) {
  const { issuer } = config
  // the two need each other: federation is one of the sign-in methods, and it asks sign-in about the other methods
  const federation = createFederation({
    db,
    notifications,
    audit,
    keyring,
    clock,
    issuer,
    allowHttp,
    accounts,
    mail,
    fetch: upstreamFetch,
    isReserved: (amr) => signIn.methods.reserved.has(amr),
    assertNotLastCredential: (trx, accountId) => signIn.assertNotLastCredential(trx, accountId),
  })
  const signIn = createMethods({
    db,
    accounts,
    audit,
    keyring,
    mail,
    clock,
    issuer,
    brand,
    maxWaiting: () => settings.current().limits.waiting_passwords,
    breachRange: createBreachRange({
      fetch,
      url: () => settings.current().passwords.breach_range_url,
      onError: (error) => logger.warn({ err: error }, 'the list of breached passwords was not asked'),
    }),
    createHasher,
    further: [federation.method, ...(furtherMethods?.({ accounts }) ?? [])],
  })
  return { signIn, federation }
}
