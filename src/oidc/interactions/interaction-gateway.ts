/** The interface of the engine for the interactions room: the open interaction of a request, and how it can end. */
import type { Context } from 'koa'
import type { Device } from '#http/device.ts'
import type { Brand } from '#pages/brand.ts'
import type { ProofTimes } from '#sign-in/proof-times.ts'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'
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
  /** The host of the redirect URI of this request, to which the person returns. Empty for a device. */
  readonly redirectHost: string
  /** Whether all its redirect URIs are loopback. Any program on the device could pose as such a client. */
  readonly loopbackOnly: boolean
  /** Whether its publisher is unverified (`signet_verified: false`). */
  readonly unverified: boolean
  /** The host of its client document; undefined for clients that are registered here. */
  readonly documentHost: string | undefined
  /** When its client document last became another app, in epoch milliseconds. */
  readonly documentSince: number | undefined
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
   * because the identity of the app is not assured. `device`: whether the person began what their device waits for.
   */
  readonly prompt: 'select_account' | 'login' | 'consent' | 'continue' | 'device'
  readonly client: InteractionClient
  /** `login_hint`, `ui_locales`, `max_age` and others, as they were sent. */
  readonly params: Readonly<Record<string, unknown>>
  /** The account that is signed in, if any. Undefined when the person wants to continue with another one. */
  readonly accountId: string | undefined
  /**
   * The account that the app asks for by `id_token_hint` or the claim `sub`. An app that knows no address of a person can
   * know their subject, so the address is shown only where the person has signed in before.
   */
  readonly expectedAccountId: string | undefined
  /** Whether the app asks for a new account (`prompt=create`); of the prompt `login`. */
  readonly createsAccount: boolean
  /** The `amr` of the session that still counts for this request; empty when the person has to sign in again. */
  readonly proven: readonly string[]
  /** Whether the app asked for a recent sign-in (`prompt=login`, `max_age`). */
  readonly needsRecent: boolean
  /** The requested classes (`acr_values` and the `acr` claim), in the order in which they were sent. */
  readonly asked: readonly string[]
  /** Whether its tokens outlive the session: `offline_access`, a native app, or a device. */
  readonly keepsAccess: boolean
  /** For consent: the scopes that were requested and are not granted yet. */
  readonly missing: ScopeSelection
  /** For consent: the authorization details that were requested. They are asked for each time, all or none. */
  readonly details: readonly AuthorizationDetail[]
  /** The identifiers of the requested resources. */
  readonly resources: readonly string[]
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

/** What became of the request of a device. `decided`: approved or refused before. */
export type DeviceEnd = 'approved' | 'denied' | 'decided' | 'expired'

/** A device that waits for its person. */
export interface WaitingDevice {
  /** As the device shows it. */
  readonly userCode: string
  /** Where the device asked from. */
  readonly address: string | undefined
  readonly device: Device
}

/** The requests of devices (RFC 8628 §3.3). */
export interface DeviceGateway {
  /**
   * Finds the device that shows the user code, begins an interaction for it and redirects (303) to its page. Returns
   * what became of the code when it does not wait for anybody; `unknown` when there is none.
   */
  begin(ctx: Context, userCode: string): Promise<'begun' | 'unknown' | Exclude<DeviceEnd, 'approved' | 'denied'>>
  /** Returns the device of the open interaction, or what became of it. Throws InteractionLost without one. */
  waiting(ctx: Context): Promise<WaitingDevice | Exclude<DeviceEnd, 'approved' | 'denied'>>
}

/** All methods except `open`, `beginAnew` and `asAnother` answer with 303, `allowed` if it saved the consent. All throw InteractionLost without an open interaction. */
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
  /**
   * Saves the consent and continues; the engine then creates the grant of this session and client. `shown` is the
   * `documentSince` of the page. False, and nothing is saved, when the client document has become another app since.
   */
  allowed(ctx: Context, granted: ScopeSelection, shown: number | undefined): Promise<boolean>
  /** Continues after the click that an app without an assured identity, or a device, needs. Grants nothing. */
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
  /** Shows what became of the request of a device. */
  device(ctx: Context, end: DeviceEnd, client: Pick<InteractionClient, 'name' | 'brand'>): Promise<void>
  /** Returns to the app with a form that posts `fields` to `action`, a registered redirect URI. The status is set. */
  formPost(ctx: Context, answer: { action: string; fields: Readonly<Record<string, string>> }): Promise<void>
  /**
   * Shows an error. `error` and `error_description` are those of the protocol; `wrong` is the address that the client has
   * not registered. The HTTP status is already set.
   */
  error(ctx: Context, out: { error: string; error_description?: string }, wrong?: UnregisteredUri): Promise<void>
}
