/** The table of the engine's models: how each is stored. No other code branches on a model's name. */

export interface ModelRow {
  readonly storage: 'artefacts' | 'grants' | 'sessions'
  /** Payload members that are secret or personal: sealed, never in `payload`. */
  readonly secrets: readonly string[]
  /** Seals the bearer value too, because the engine needs it when it finds the row by something else. */
  readonly keepsValue: boolean
  /**
   * For this many seconds after the first use, reuse is refused and the grant stays, because the requests may have been
   * concurrent. Later reuse counts as theft and ends the grant (RFC 6749 §4.1.2).
   */
  readonly replayToleranceSeconds: number
  /** Reuse within the grace window gets the same successor instead of a refusal. */
  readonly repeatable: boolean
  /**
   * Can be destroyed only once. After that the engine does not find the row, and a save does not restore it. The row is
   * kept without its content until cleanup.
   */
  readonly singleUse: boolean
  /** Revoking it ends its grant, with every token issued from it (RFC 7009 §2.1). */
  readonly endsGrant: boolean
  /** At the token endpoint, writes wait for the unit of work. */
  readonly deferred: boolean
  /** The engine error for a second use. */
  readonly refusal: 'InvalidGrant' | 'InvalidRequestUri' | 'SessionNotFound'
}

const ROW: ModelRow = {
  storage: 'artefacts',
  secrets: [],
  keepsValue: false,
  replayToleranceSeconds: 0,
  repeatable: false,
  singleUse: false,
  endsGrant: false,
  deferred: false,
  refusal: 'InvalidGrant',
}

export const MODELS = {
  AccessToken: { ...ROW, deferred: true },
  ClientCredentials: { ...ROW, deferred: true },
  AuthorizationCode: { ...ROW, replayToleranceSeconds: 1 },
  RefreshToken: { ...ROW, repeatable: true, endsGrant: true, deferred: true },
  DeviceCode: { ...ROW, secrets: ['params', 'deviceInfo', 'userCode'], keepsValue: true, replayToleranceSeconds: 10 },
  BackchannelAuthenticationRequest: { ...ROW, secrets: ['params'], keepsValue: true, replayToleranceSeconds: 10 },
  PreAuthorizedCode: { ...ROW, secrets: ['txCode'], replayToleranceSeconds: 1 },
  PushedAuthorizationRequest: { ...ROW, secrets: ['request'], refusal: 'InvalidRequestUri' },
  Interaction: {
    ...ROW,
    secrets: ['session', 'params', 'result', 'lastSubmission', 'returnTo', 'deviceCode', 'parJti'],
    singleUse: true,
    refusal: 'SessionNotFound',
  },
  InitialAccessToken: ROW,
  RegistrationAccessToken: ROW,
  Grant: { ...ROW, storage: 'grants' },
  Session: { ...ROW, storage: 'sessions', secrets: ['state'] },
} as const satisfies Record<string, ModelRow>

export type ModelName = keyof typeof MODELS

export function isModelName(name: string): name is ModelName {
  return Object.hasOwn(MODELS, name)
}
