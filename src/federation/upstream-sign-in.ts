/** Sign-in by an upstream provider: what the pages and the account page see of it. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Proof, Verifier } from '#sign-in/sign-in-method.ts'
import type { UpstreamLink, UpstreamPerson } from './link-store.ts'
import type { Upstream } from './upstream.ts'

/** What came back from a provider: the parameters of `<issuer>/upstream/callback`, for the interaction it belongs to. */
export interface UpstreamAnswer {
  readonly uid: string
  /** As a query string. */
  readonly answer: string
}

/**
 * `proof`: who it is. `offer`: an account has this address; whoever proves it next in this interaction is linked.
 * `unlinked`: nobody here is linked to this person, and nothing can be linked. `cancelled`: the person came back
 * without signing in. `refused`: the answer is not right, or could not be had.
 */
export type UpstreamOutcome =
  | { readonly kind: 'proof'; readonly proof: Proof; readonly upstream: Upstream }
  | { readonly kind: 'offer'; readonly upstream: Upstream; readonly email: string }
  | { readonly kind: 'unlinked'; readonly upstream: Upstream; readonly why: 'no_account' | 'no_email' }
  | { readonly kind: 'cancelled' | 'refused'; readonly upstream: Upstream | undefined }

/** What came back to the page of somebody who is signed in. */
export interface OwnLink extends Pick<UpstreamAnswer, 'answer'> {
  readonly account: Account
  /** The session's uid: nobody else's browser brings the answer. */
  readonly session: string
}

/** `taken`: whoever signed in there is linked already, to this account or to another one. */
export type OwnLinkOutcome = 'linked' | 'taken' | 'cancelled' | 'refused'

export interface BeginUpstream {
  /** The id of the provider. */
  readonly upstream: string
  readonly uid: string
  readonly loginHint?: string | undefined
  /** Whether the person is to sign in anew, although they may be signed in there. */
  readonly again: boolean
}

export interface UpstreamSignIn extends Verifier<UpstreamAnswer> {
  /** Those that a sign-in page names, the same for everybody. */
  offered(): Promise<readonly Upstream[]>
  /** The provider that looks after the domain of an e-mail address. */
  forIdentifier(identifier: string): Promise<Upstream | undefined>
  /**
   * Where to send the browser of an interaction; undefined where there is no such provider. Throws
   * UpstreamUnavailable (503) where it cannot be asked.
   */
  begin(request: BeginUpstream): Promise<URL | undefined>
  /** Who waits for the answer to this state, which stays unspent: an interaction, or a person's own page. */
  returnOf(state: string): Promise<{ to: 'interaction'; uid: string } | { to: 'account' } | undefined>
  /** As `begin`, for somebody who is signed in and wants to be linked. */
  beginLink(request: { readonly upstream: string; readonly session: string }): Promise<URL | undefined>
  /** Once. Audits account.linked, a refusal as well, and tells the person by mail. */
  finishLink(answered: OwnLink, by: AuditContext): Promise<OwnLinkOutcome>
  /** As `verify`, with what else there is to say. */
  finish(attempt: UpstreamAnswer & { readonly clientId?: string }, by: AuditContext): Promise<UpstreamOutcome>
  /**
   * After the whole sign-in of an account in an interaction: links it to whom a provider vouched for before, where the
   * account was proven here by `amr` and has that address.
   */
  acceptOffer(
    proven: { uid: string; account: Account; amr: readonly string[] },
    by: AuditContext,
  ): Promise<Upstream | undefined>
  /** The address of the account that may be linked in this interaction, and the provider; it stays. */
  offerOf(uid: string): Promise<{ readonly upstream: string; readonly email: string } | undefined>
  /** Whoever does not want to be linked. */
  dropOffer(uid: string): Promise<void>
  links(accountId: string): Promise<UpstreamLink[]>
  /** Throws LinkNotFound (404) and LastCredential (409). Audits account.unlinked, and tells the person by mail. */
  unlink(accountId: string, link: UpstreamPerson, by: AuditContext): Promise<void>
  /** Where the person signs out at the provider, where that is wanted and possible. */
  signOutUrl(upstream: string, returnTo: string): Promise<URL | undefined>
  /** Where to go on after that; undefined for a state that is none, or is over. */
  afterSignOut(state: string): string | undefined
}
