/** The row of a grant type: everything that the server needs to know about it. */
import type { Client } from '#clients/client.ts'
import type { Profile } from '#clients/profiles.ts'

interface GrantRow {
  /** The value of `grant_type`. */
  readonly grantType: string
  /** Its own parameters. Every grant also accepts `resource`, and `scope` when the client sets the limit. */
  readonly parameters: readonly string[]
  /** The profiles whose clients may use it. */
  readonly profiles: readonly Profile[]
  /** Its name in metrics. */
  readonly metricLabel: string
  /** Its parameters that audit events of token requests show, up to 200 characters each. Never a secret. */
  readonly auditFields: readonly string[]
}

/** A grant type that the engine handles. The engine's callbacks read this row. */
export interface EngineGrant extends GrantRow {
  /**
   * What decides the audience when the request names no resource. `client`: the client's default or only resource.
   * `grant`: the resource granted to the presented code or token.
   */
  readonly resource: 'client' | 'grant'
  /** The limit of the scope. `client`: what the client may have. `grant`: the same, but at most what was granted. */
  readonly scope: 'client' | 'grant'
  /** Refresh tokens: `never` issued, may be `issued`, or `presented` in the request. */
  readonly refresh: 'never' | 'issued' | 'presented'
  /** The entity that records how the person signed in; undefined when no person is involved. */
  readonly signIn: 'AuthorizationCode' | 'RefreshToken' | 'DeviceCode' | 'BackchannelAuthenticationRequest' | undefined
  /** The feature of the engine that turns the grant type on; undefined when it is always on. */
  readonly engineFeature: 'clientCredentials' | 'deviceFlow' | 'ciba' | undefined
  readonly authorize?: undefined
}

/** A grant type of our own. It checks its parameters; the shared steps then issue what the client may have. */
export interface ExtensionGrant extends GrantRow {
  readonly resource: 'client'
  readonly scope: 'client'
  readonly refresh: 'never'
  /** Called once the client is authenticated and may use the grant type. Throws an engine error to refuse. */
  readonly authorize: (request: GrantRequest) => Promise<void>
}

export interface GrantRequest {
  readonly client: Client
  /** The grant's own parameters, as they were sent. */
  readonly params: Readonly<Record<string, string | undefined>>
}

export type Grant = EngineGrant | ExtensionGrant
