/** Signs people in with upstream providers: sends them there, checks the answer, and finds or creates their account. */
import { AccountExists } from '#accounts/errors.ts'
import type { Account, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import { type ProofDetail, proofEvent } from '#sign-in/proof-events.ts'
import type { Verdict } from '#sign-in/sign-in-method.ts'
import { amrOf, domainOf, profileOf, provenAtOf, type UpstreamProfile } from './claims.ts'
import { UpstreamUnavailable } from './errors.ts'
import type { BeginUpstream, UpstreamSignIn, UpstreamAnswer, UpstreamOutcome } from './upstream-sign-in.ts'
import { createLinkStore, type UpstreamPerson } from './link-store.ts'
import { UPSTREAM } from './method.ts'
import { createLinks, linkEvent, type LinksDeps } from './links.ts'
import type { Redeemed, UpstreamClaims } from './redeemed.ts'
import type { Providers } from './upstream-client.ts'
import { createOwnLinks } from './own-links.ts'
import { createPostedNames } from './posted-names.ts'
import { redeem } from './redemption.ts'
import { kindOf, type RefusalKind, refusalOf } from './refusals.ts'
import type { UpstreamRequests } from './requests.ts'
import { createUpstreamSignOut, type UpstreamSignOutDeps } from './sign-out.ts'
import type { Upstream, Upstreams } from './upstream.ts'

export interface UpstreamSignInDeps extends LinksDeps, UpstreamSignOutDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'create' | 'findByIdentifier' | 'endMailLinks'>
  readonly upstreams: Pick<Upstreams, 'read' | 'list' | 'offered'>
  readonly providers: Providers
  readonly requests: UpstreamRequests
  /** Whether a value of `amr` is reserved for proofs that are made here. */
  readonly isReserved: (amr: string) => boolean
}

export function createUpstreamSignIn(deps: UpstreamSignInDeps): UpstreamSignIn {
  const { db, upstreams, requests } = deps
  const links = createLinks(deps)
  const findOffered = async (id: string) => (await upstreams.offered()).find((upstream) => upstream.id === id)

  async function beginAt({ upstream: id, ...request }: BeginUpstream): Promise<URL | undefined> {
    const upstream = await findOffered(id)
    return upstream && begin(deps, upstream, request)
  }

  return {
    isEnrolled: (accountId) => createLinkStore(db).hasAny(accountId),
    offered: () => upstreams.offered(),

    async forIdentifier(identifier) {
      const domain = identifier.includes('@') ? domainOf(emailOf(identifier) ?? identifier.trim()) : ''
      return (await upstreams.offered()).find(({ domains }) => domains.includes(domain))
    },

    begin: beginAt,

    finish: (attempt, by) => finish(deps, attempt, by),

    async verify(attempt, by) {
      const outcome = await finish(deps, attempt, by)
      return outcome.kind === 'proof' ? outcome.proof : undefined
    },

    async acceptOffer({ uid, account, amr }, by) {
      if ((await upstreams.offered()).length === 0) return undefined
      const offer = await requests.takeOffer(uid)
      // requires a password or passkey that was checked here: another provider's word for the account is not enough
      if (!offer || !(amr.includes('pwd') || amr.includes('user'))) return undefined
      if (offer.email.toLowerCase() !== account.email.toLowerCase()) return undefined
      const upstream = await findOffered(offer.upstream)
      return upstream && (await links.add(account, upstream, offer.subject, by)) ? upstream : undefined
    },

    // every sign-in page calls this, and most servers have no provider
    offerOf: async (uid) => ((await upstreams.offered()).length === 0 ? undefined : requests.offerOf(uid)),
    dropOffer: async (uid) => void (await requests.takeOffer(uid)),
    links: (accountId) => createLinkStore(db).list(accountId),
    unlink: links.remove,

    ...createOwnLinks({ ...deps, links, begin: (upstream, uid) => beginAt({ upstream, uid, again: false }) }),
    ...createPostedNames(deps),
    ...createUpstreamSignOut(deps, findOffered),
  }
}

async function begin(
  { requests, providers, clock }: UpstreamSignInDeps,
  upstream: Upstream,
  { uid, ...wishes }: Omit<BeginUpstream, 'upstream'>,
): Promise<URL> {
  const secrets = await requests.begin(uid, upstream.id, clock.now())
  try {
    return await providers.authorizationUrl(upstream, secrets, wishes)
  } catch (error) {
    throw new UpstreamUnavailable(upstream.name, error)
  }
}

type Attempt = UpstreamAnswer & { readonly clientId?: string }

async function finish(deps: UpstreamSignInDeps, attempt: Attempt, by: AuditContext): Promise<UpstreamOutcome> {
  const { verdict, outcome, upstream, detail } = await judge(deps, attempt, by)
  // not within an attempt limit: nobody can guess a state of 256 bits, and anyone can send what a provider refuses
  await deps.audit.record(
    proofEvent({
      method: UPSTREAM.name,
      ...verdict,
      clientId: attempt.clientId,
      by,
      ...(upstream && { detail: { upstream: upstream.id, ...detail } }),
    }),
  )
  return outcome
}

interface Judgement {
  readonly verdict: Verdict
  readonly outcome: UpstreamOutcome
  readonly upstream?: Upstream | undefined
  readonly detail?: ProofDetail
}

async function judge(deps: UpstreamSignInDeps, { uid, answer }: Attempt, by: AuditContext): Promise<Judgement> {
  const redemption = await redeem(deps, { uid, answer })
  if (redemption.kind !== 'claims') return refused(redemption.refusal, redemption.upstream, redemption.kind)
  const { upstream, claims, profile, beganAt } = redemption
  const person = { upstream: upstream.id, subject: claims.sub }
  const amr = amrOf(claims, deps.isReserved)
  const detail = Array.isArray(claims['amr']) ? { upstream_amr: claims['amr'].slice(0, 10).map(String) } : {}
  const accountId = await createLinkStore(deps.db).use(person)
  const found =
    accountId === undefined
      ? await provision(deps, { upstream, person, profile, uid }, by)
      : await known(deps, upstream, accountId)
  if ('outcome' in found) return { ...found, upstream, detail }
  const provenAt = provenAtOf(claims, { beganAt, now: Math.floor(deps.clock.now().getTime() / 1000) })
  return {
    verdict: accepted(found),
    outcome: { kind: 'proof', proof: { account: found, method: UPSTREAM.name, amr, provenAt }, upstream },
    upstream,
    detail,
  }
}

function refused(refusal: string, upstream: Upstream | undefined, kind: RefusalKind = 'refused') {
  return { verdict: { account: undefined, refusal }, outcome: { kind, upstream }, upstream } satisfies Judgement
}

const accepted = (account: Account): Verdict => ({ account, refusal: undefined })

async function known(
  { accounts }: UpstreamSignInDeps,
  upstream: Upstream,
  accountId: string,
): Promise<Account | Judgement> {
  const account = await accounts.read(accountId)
  if (account?.status === 'enabled') return account
  return { ...refused('the account is disabled', upstream), verdict: { account, refusal: 'the account is disabled' } }
}

interface UnlinkedPerson {
  readonly upstream: Upstream
  readonly person: UpstreamPerson
  readonly profile: Redeemed['profile']
  readonly uid: string
}

/**
 * Handles a person without a link: creates an account, or offers to link an existing one. It never takes over an
 * existing account.
 */
async function provision(
  deps: UpstreamSignInDeps,
  person: UnlinkedPerson,
  by: AuditContext,
): Promise<Account | Judgement> {
  const { upstream } = person
  let claims: UpstreamClaims
  try {
    claims = await person.profile()
  } catch (error) {
    return refused(refusalOf(error), upstream, kindOf(error))
  }
  const profile = profileOf(upstream, claims, await deps.upstreams.list())
  const email = profile.verifiedEmail
  if (email === undefined) return unlinked(upstream, 'no_email')
  if (await deps.accounts.findByIdentifier(email)) return raced(deps, person, email)
  if (!upstream.justInTime) return unlinked(upstream, 'no_account')
  try {
    return await justInTime(deps, person, { ...profile, verifiedEmail: email }, by)
  } catch (error) {
    if (!(error instanceof AccountExists) && !(error instanceof AlreadyLinked)) throw error
    return raced(deps, person, email)
  }
}

/**
 * Handles an address that has an account: the person's own, if they signed in twice at the same time, or any other
 * account, for which linking is offered.
 */
async function raced(
  deps: UpstreamSignInDeps,
  unlinkedPerson: UnlinkedPerson,
  email: string,
): Promise<Account | Judgement> {
  const accountId = await createLinkStore(deps.db).use(unlinkedPerson.person)
  return accountId === undefined ? offer(deps, unlinkedPerson, email) : known(deps, unlinkedPerson.upstream, accountId)
}

class AlreadyLinked extends Error {}

async function justInTime(
  { accounts, audit }: UpstreamSignInDeps,
  { upstream, person }: UnlinkedPerson,
  profile: UpstreamProfile & { readonly verifiedEmail: string },
  by: AuditContext,
): Promise<Account> {
  const asThemselves = (accountId: string): AuditContext => ({ ...by, actor: { kind: 'account', id: accountId } })
  const input = { email: profile.verifiedEmail, emailVerified: true, claims: profile.claims }
  const named = profile.name === undefined ? input : { ...input, name: profile.name }
  return accounts.create(named, asThemselves, async (trx, { id: accountId }) => {
    if (!(await createLinkStore(trx).add(person, accountId))) throw new AlreadyLinked()
    const detail = { upstream: upstream.id, just_in_time: true }
    await audit.recordIn(trx, linkEvent(accountId, { type: 'account.linked', detail, by: asThemselves(accountId) }))
  })
}

function unlinked(upstream: Upstream, why: 'no_account' | 'no_email'): Judgement {
  const refusal = {
    no_account: 'no account is linked to this person',
    no_email: 'no account is linked to this person, and the provider has not verified an address of theirs',
  }[why]
  return { ...refused(refusal, upstream), outcome: { kind: 'unlinked', upstream, why } }
}

async function offer(
  { requests }: UpstreamSignInDeps,
  unlinkedPerson: UnlinkedPerson,
  email: string,
): Promise<Judgement> {
  const { upstream, person, uid } = unlinkedPerson
  await requests.offer(uid, { ...person, email })
  const refusal = 'an account has this address, and is linked only after it was proven'
  return { ...refused(refusal, upstream), outcome: { kind: 'offer', upstream, email } }
}
