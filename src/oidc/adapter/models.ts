/** One row for each stored model of the engine: how it is kept. Nothing else asks for a model by its name. */

export interface ModelRow {
  readonly storage: 'artefacts' | 'grants' | 'sessions'
  /** Payload members that open a door or tell about a person: sealed, never in `payload`. */
  readonly secrets: readonly string[]
  /** The engine must get the bearer value back when it finds the row another way: sealed beside the secrets. */
  readonly keepsValue: boolean
  /**
   * For so many seconds after the first use a repeat is refused without ending the grant: it was under way at the
   * same time. Later it is theft (RFC 6749 §4.1.2).
   */
  readonly quietSeconds: number
  /** A repeat within the grace window gets the same successor instead of a refusal. */
  readonly repeatable: boolean
  /**
   * Destroyed once, by whoever is first; the row stays until it is cleaned up, though the engine finds it no more, so
   * that a page can still tell the way back to the app. A save never brings it back.
   */
  readonly finishes: boolean
  /** RFC 7009 §2.1: to revoke it is to end its grant, with everything that was got by it. */
  readonly endsGrant: boolean
  /** Written by the token endpoint: waits for the unit of work there. */
  readonly collected: boolean
  /** How its second use is refused. */
  readonly refusal: 'InvalidGrant' | 'InvalidRequestUri' | 'SessionNotFound'
}

const ROW: ModelRow = {
  storage: 'artefacts',
  secrets: [],
  keepsValue: false,
  quietSeconds: 0,
  repeatable: false,
  finishes: false,
  endsGrant: false,
  collected: false,
  refusal: 'InvalidGrant',
}

export const MODELS = {
  AccessToken: { ...ROW, collected: true },
  ClientCredentials: { ...ROW, collected: true },
  AuthorizationCode: { ...ROW, quietSeconds: 1 },
  RefreshToken: { ...ROW, repeatable: true, endsGrant: true, collected: true },
  DeviceCode: { ...ROW, secrets: ['params', 'deviceInfo', 'userCode'], keepsValue: true, quietSeconds: 10 },
  BackchannelAuthenticationRequest: { ...ROW, secrets: ['params'], keepsValue: true, quietSeconds: 10 },
  PreAuthorizedCode: { ...ROW, secrets: ['txCode'], quietSeconds: 1 },
  PushedAuthorizationRequest: { ...ROW, secrets: ['request'], refusal: 'InvalidRequestUri' },
  Interaction: {
    ...ROW,
    secrets: ['session', 'params', 'result', 'lastSubmission', 'returnTo', 'deviceCode', 'parJti'],
    finishes: true,
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
