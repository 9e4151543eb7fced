/** What the interactions room sees of the engine: the open interaction of a request, and the ways it can end. */
import type { Context } from 'koa'
import type { Brand } from '#pages/brand.ts'

/** Scopes by where they belong: OpenID Connect's own, and those of each resource by its identifier. */
export interface ScopeSelection {
  readonly openidScopes: readonly string[]
  readonly resourceScopes: Readonly<Record<string, readonly string[]>>
}

export interface InteractionClient {
  readonly id: string
  readonly name: string
  /** The host of the redirect URI of this request: where the person will be sent. */
  readonly redirectHost: string
  /** Every redirect URI of it leads to this device: anybody could have started it. */
  readonly loopbackOnly: boolean
  /** Nobody has checked who is behind it (`signet_verified: false`). */
  readonly unverified: boolean
  readonly clientUri: string | undefined
  /** Its own mark and colour on the pages on which a person goes on to it (`signet_logo`, `signet_accent`). */
  readonly brand: Partial<Pick<Brand, 'logo' | 'accent'>>
  readonly logoUri: string | undefined
  readonly policyUri: string | undefined
  readonly tosUri: string | undefined
}

export interface OpenInteraction {
  readonly uid: string
  readonly prompt: 'login' | 'consent'
  readonly client: InteractionClient
  /** `login_hint`, `ui_locales`, `max_age` … as they were sent. */
  readonly params: Readonly<Record<string, unknown>>
  /** Who is signed in, when somebody is. */
  readonly accountId: string | undefined
  /** What the session proved that is still good for this request: nothing where it is to be proven anew. */
  readonly proven: readonly string[]
  /** The classes of assurance that were asked for (`acr_values`), as they were sent. */
  readonly asked: readonly string[]
  /** Whether its tokens outlive the session: `offline_access`, or a native app. */
  readonly keepsAccess: boolean
  /** For consent: what was asked and is not yet granted. */
  readonly missing: ScopeSelection
}

/** The request cannot go on; what can be offered instead of a dead end. */
export class InteractionLost extends Error {
  override readonly name = 'InteractionLost'
  /** Starts the same authorization request again; undefined when it is not known any more. */
  readonly restartUrl: string | undefined
  readonly client: InteractionClient | undefined
  /** `expired`: too late. `unknown`: finished already, or never there. `foreign`: this browser did not begin it. */
  readonly reason: 'expired' | 'unknown' | 'foreign'

  constructor(
    reason: InteractionLost['reason'],
    offer: { restartUrl?: string | undefined; client?: InteractionClient | undefined } = {},
  ) {
    super(`the interaction is ${reason}`)
    this.reason = reason
    this.restartUrl = offer.restartUrl
    this.client = offer.client
  }
}

/** Each but the first two answers the request by 303. Everything throws InteractionLost where there is none. */
export interface InteractionGateway {
  open(ctx: Context): Promise<OpenInteraction>
  /** Lets go of the session that was there when the request came: it is about to end, and the request goes on. */
  beginAnew(ctx: Context): Promise<void>
  signedIn(ctx: Context, proof: { accountId: string; amr: readonly string[]; acr: string }): Promise<void>
  /** Remembers the consent, makes the grant of this session and client, and goes on. */
  allowed(ctx: Context, granted: ScopeSelection): Promise<void>
  /** Back to the client with `error=access_denied`. */
  denied(ctx: Context): Promise<void>
  /** Back to the client with `error=unmet_authentication_requirements` (RFC 9470 §5). */
  unmet(ctx: Context): Promise<void>
}

/** The pages the engine shows by itself, made by the interactions room and handed in. */
export interface EnginePages {
  /** The sign-out question. `form` is the engine's hidden form (id `op.logoutForm`, with its xsrf field), to be completed by a button named `logout` of value `yes`. */
  signOut(ctx: Context, form: string): Promise<void>
  signedOut(ctx: Context, clientName: string | undefined): Promise<void>
  /** `error` and `error_description` as the protocol has them; the status is already set. */
  error(ctx: Context, out: { error: string; error_description?: string }): Promise<void>
}
