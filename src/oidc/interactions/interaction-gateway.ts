/** The interface of the engine for the interactions room: the open interaction of a request, and how it can end. */
import type { Context } from 'koa'
import type { Brand } from '#pages/brand.ts'
import type { ProofTimes } from '#sign-in/proof-times.ts'
import type { UnregisteredUri } from '../engine/unregistered-uri.ts'

export type { UnregisteredUri } from '../engine/unregistered-uri.ts'

/** Scopes, grouped: those of OpenID Connect, and those of each resource by its identifier. */
export interface ScopeSelection {
  readonly openidScopes: readonly string[]
  readonly resourceScopes: Readonly<Record<string, readonly string[]>>
}

export interface InteractionClient {
  readonly id: string
  readonly name: string
  /** The host of the redirect URI of this request, to which the person returns. */
  readonly redirectHost: string
  /** Whether all its redirect URIs are loopback. Any program on the device could pose as such a client. */
  readonly loopbackOnly: boolean
  /** Whether its publisher is unverified (`signet_verified: false`). */
  readonly unverified: boolean
  readonly clientUri: string | undefined
  /** Its logo and colour on the pages of its sign-in (`signet_logo`, `signet_accent`). */
  readonly brand: Partial<Pick<Brand, 'logo' | 'accent'>>
  readonly logoUri: string | undefined
  readonly policyUri: string | undefined
  readonly tosUri: string | undefined
}

export interface OpenInteraction {
  readonly uid: string
  /**
   * `select_account`: whether the signed-in person continues, or another. `continue`: nothing is asked but a click,
   * because the identity of the app is not assured.
   */
  readonly prompt: 'select_account' | 'login' | 'consent' | 'continue'
  readonly client: InteractionClient
  /** `login_hint`, `ui_locales`, `max_age` and others, as they were sent. */
  readonly params: Readonly<Record<string, unknown>>
  /** The account that is signed in, if any. Undefined when the person wants to continue with another one. */
  readonly accountId: string | undefined
  /** The `amr` of the session that still counts for this request; empty when the person has to sign in again. */
  readonly proven: readonly string[]
  /** Whether the app asked for a recent sign-in (`prompt=login`, `max_age`). */
  readonly needsRecent: boolean
  /** The requested classes (`acr_values`), in the order in which they were sent. */
  readonly asked: readonly string[]
  /** Whether its tokens outlive the session: `offline_access`, or a native app. */
  readonly keepsAccess: boolean
  /** For consent: the scopes that were requested and are not granted yet. */
  readonly missing: ScopeSelection
}

/** The interaction cannot continue. Carries what the error page can offer: to start again, or return to the app. */
export class InteractionLost extends Error {
  override readonly name = 'InteractionLost'
  /** Starts the same authorization request again. Undefined when the request is no longer known. */
  readonly restartUrl: string | undefined
  readonly client: InteractionClient | undefined
  /** The page of the interaction, which can offer more. Undefined on that page. */
  readonly pageUrl: string | undefined
  /** `expired`: too late. `unknown`: already finished, or never existed. `foreign`: another browser started it. */
  readonly reason: 'expired' | 'unknown' | 'foreign'

  constructor(
    reason: InteractionLost['reason'],
    offer: {
      restartUrl?: string | undefined
      client?: InteractionClient | undefined
      pageUrl?: string | undefined
    } = {},
  ) {
    super(`the interaction is ${reason}`)
    this.reason = reason
    this.restartUrl = offer.restartUrl
    this.client = offer.client
    this.pageUrl = offer.pageUrl
  }
}

/** All methods except `open`, `beginAnew` and `asAnother` answer with 303. All throw InteractionLost without an open interaction. */
export interface InteractionGateway {
  open(ctx: Context): Promise<OpenInteraction>
  /**
   * Detaches the interaction from the session that it began with if that session is of this account, because it is about
   * to end. The request continues.
   */
  beginAnew(ctx: Context, accountId: string): Promise<void>
  /**
   * Turns the question into a sign-in with no account preselected, for a person who wants to use another one. The session
   * ends only once another person has signed in.
   */
  asAnother(ctx: Context): Promise<void>
  /** Continues with the account that is signed in (`prompt=select_account`). */
  selected(ctx: Context): Promise<void>
  /** `at` is the time of the sign-in, in epoch seconds. */
  signedIn(
    ctx: Context,
    proof: { accountId: string; amr: readonly string[]; acr: string; at: number; provenAt: ProofTimes },
  ): Promise<void>
  /** Saves the consent and continues; the engine then creates the grant of this session and client. */
  allowed(ctx: Context, granted: ScopeSelection): Promise<void>
  /** Continues after the click that an app without an assured identity needs. Grants nothing. */
  continued(ctx: Context): Promise<void>
  /** Returns to the client with `error=access_denied`. */
  denied(ctx: Context): Promise<void>
  /** Returns to the client with `error=unmet_authentication_requirements` (RFC 9470 §5). */
  unmet(ctx: Context): Promise<void>
}

/** The pages that the engine shows by itself. The interactions room implements them. */
export interface EnginePages {
  /**
   * Asks whether to sign out. `form` is the engine's hidden form (id `op.logoutForm`, with its xsrf field). The page
   * adds a submit button with the name `logout` and the value `yes`.
   */
  signOut(ctx: Context, form: string): Promise<void>
  signedOut(ctx: Context, clientName: string | undefined): Promise<void>
  /** Returns to the app with a form that posts `fields` to `action`, a registered redirect URI. The status is set. */
  formPost(ctx: Context, answer: { action: string; fields: Readonly<Record<string, string>> }): Promise<void>
  /**
   * Shows an error. `error` and `error_description` are those of the protocol; `wrong` is the address that the client has
   * not registered. The HTTP status is already set.
   */
  error(ctx: Context, out: { error: string; error_description?: string }, wrong?: UnregisteredUri): Promise<void>
}
