/** The row of a grant type: all that the server needs to know about it. */
import type { Client } from '#clients/client.ts'
import type { Profile } from '#clients/profiles.ts'

interface GrantRow {
  /** The value of `grant_type`. */
  readonly grantType: string
  /** Its own parameters. Every grant has `resource` beside them, and `scope` where the client is the ceiling. */
  readonly parameters: readonly string[]
  /** Which kinds of client may have it. */
  readonly profiles: readonly Profile[]
  /** Its name in metrics. */
  readonly metricLabel: string
  /** Own parameters that the audit events of a token request show, up to 200 characters. Never one with a secret. */
  readonly auditFields: readonly string[]
}

/** A grant whose handler the engine has; the engine runs the shared steps and asks this row. */
export interface EngineGrant extends GrantRow {
  /**
   * Who decides the audience where the request names no resource. `client`: its default resource or its only one.
   * `grant`: what was granted to the code or token that is presented.
   */
  readonly resource: 'client' | 'grant'
  /** The ceiling of the scope. `client`: what it may have of the resource. `grant`: the same, and no more than was granted. */
  readonly scope: 'client' | 'grant'
  /** Whether a refresh token is never given, may be issued, or is the one that is presented. */
  readonly refresh: 'never' | 'issued' | 'presented'
  /** The entity that says how the person signed in; undefined when there is no person. */
  readonly signIn: 'AuthorizationCode' | 'RefreshToken' | undefined
  /** The feature of the engine that turns its handler on; undefined when the engine always has it. */
  readonly engineFeature: 'clientCredentials' | undefined
  readonly authorize?: undefined
}

/** A grant of our own. It judges its parameters; the shared steps then issue what the client may have. */
export interface ExtensionGrant extends GrantRow {
  readonly resource: 'client'
  readonly scope: 'client'
  readonly refresh: 'never'
  /** Runs once the client is authenticated and has the grant. Throws an error of the engine to refuse the request. */
  readonly authorize: (request: GrantRequest) => Promise<void>
}

export interface GrantRequest {
  readonly client: Client
  /** The grant's own parameters, as they were sent. */
  readonly params: Readonly<Record<string, string | undefined>>
}

export type Grant = EngineGrant | ExtensionGrant
