/** The interface of sign-in with upstream providers, for the sign-in pages and the account page. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Proof, Verifier } from '#sign-in/sign-in-method.ts'
import type { RefusalKind } from './refusals.ts'
import type { UpstreamLink, UpstreamPerson } from './link-store.ts'
import type { Upstream } from './upstream.ts'

/**
 * The answer of a provider: the parameters of `<issuer>/upstream/callback`, and the interaction that they belong to.
 */
export interface UpstreamAnswer {
  readonly uid: string
  /** The parameters as a query string. */
  readonly answer: string
}

/**
 * The result of a sign-in.
 * `proof`: the person is known. `offer`: an account has this address; the person who proves it next in this interaction
 * gets the link. `unlinked`: the person has no account here, and none can be linked. For the others see RefusalKind.
 */
export type UpstreamOutcome =
  | { readonly kind: 'proof'; readonly proof: Proof; readonly upstream: Upstream }
  | { readonly kind: 'offer'; readonly upstream: Upstream; readonly email: string }
  | { readonly kind: 'unlinked'; readonly upstream: Upstream; readonly why: 'no_account' | 'no_email' }
  | { readonly kind: RefusalKind; readonly upstream: Upstream | undefined }

/** The answer of a provider for a person who is signed in here. */
export interface OwnLink extends Pick<UpstreamAnswer, 'answer'> {
  readonly account: Account
  /** The session's uid, so that only the browser that began can bring the answer. */
  readonly session: string
}

/**
 * The result of linking an account. `taken`: the person at the provider is linked already, to this or another account.
 */
export type OwnLinkOutcome = 'linked' | 'taken' | RefusalKind

export interface BeginUpstream {
  /** The id of the provider. */
  readonly upstream: string
  readonly uid: string
  readonly loginHint?: string | undefined
  /** Whether the provider must ask the person to sign in again, and say when (`prompt=login`, `max_age=0`). */
  readonly again: boolean
}

export interface UpstreamSignIn extends Verifier<UpstreamAnswer> {
  /** Returns the providers for the sign-in page, the same for everybody. */
  offered(): Promise<readonly Upstream[]>
  /** Returns the provider for the domain of an e-mail address. */
  forIdentifier(identifier: string): Promise<Upstream | undefined>
  /**
   * Returns where to send the browser of an interaction; undefined when there is no such provider. Throws
   * UpstreamUnavailable (503) when the provider cannot be reached.
   */
  begin(request: BeginUpstream): Promise<URL | undefined>
  /**
   * Returns what began the request of this state, an interaction or a person's account page. Does not use up the state.
   * `path` is the one that the answer came to. Undefined if nothing waits for an answer there: the answer of one
   * provider does not count at the redirect URI of another (RFC 9700 §4.4).
   */
  returnOf(state: string, path: string): Promise<{ to: 'interaction'; uid: string } | { to: 'account' } | undefined>
  /**
   * Returns the name that a provider posted with its answer to `path`, sealed for that answer, as value of the parameter
   * `user`. Undefined if there is none, or none is expected of this provider.
   */
  postedName(path: string, posted: { readonly state: string; readonly user: string }): Promise<string | undefined>
  /** Like `begin`, for a signed-in person who wants to link their account. */
  beginLink(request: { readonly upstream: string; readonly session: string }): Promise<URL | undefined>
  /**
   * Finishes linking, once per answer. Records account.linked, also for a refusal. Notifies the person of a new link by
   * mail.
   */
  finishLink(answered: OwnLink, by: AuditContext): Promise<OwnLinkOutcome>
  /** Like `verify`, but returns the whole outcome. */
  finish(attempt: UpstreamAnswer & { readonly clientId?: string }, by: AuditContext): Promise<UpstreamOutcome>
  /**
   * Links an account to the person that a provider vouched for earlier in the interaction. Call it when sign-in is
   * complete: the account must have the offered address, and `amr` must show that it was proven here.
   */
  acceptOffer(
    proven: { uid: string; account: Account; amr: readonly string[] },
    by: AuditContext,
  ): Promise<Upstream | undefined>
  /** Returns the address of the account that can be linked in this interaction, and the provider. Keeps the offer. */
  offerOf(uid: string): Promise<{ readonly upstream: string; readonly email: string } | undefined>
  /** Discards the offer, when the person does not want to be linked. */
  dropOffer(uid: string): Promise<void>
  links(accountId: string): Promise<UpstreamLink[]>
  /**
   * Removes a link. Throws LinkNotFound (404) and LastCredential (409). Records account.unlinked, and notifies the
   * person by mail.
   */
  unlink(accountId: string, link: UpstreamPerson, by: AuditContext): Promise<void>
  /** Returns the URL for sign-out at the provider; undefined when that is off or not possible. */
  signOutUrl(upstream: string, returnTo: string): Promise<URL | undefined>
  /** Returns where to continue after sign-out at the provider; undefined for an unknown or expired state. */
  afterSignOut(state: string): string | undefined
}
