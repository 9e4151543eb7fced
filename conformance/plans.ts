/** The test plans of the suite that Signet is run against: one row, and one configuration file, each. */

/** Which clients a plan needs. `registered`: none, the suite registers its own. */
type Clients = 'none' | 'secret' | 'key' | 'registered' | 'fapi2' | 'ciba'

export interface Plan {
  /** The name of the configuration file, without `.json`. */
  readonly file: string
  /** The name of the plan, as the suite spells it. */
  readonly name: string
  /** The variant, as the suite spells it. */
  readonly variant: Readonly<Record<string, string>>
  readonly clients: Clients
}

type Auth = 'private_key_jwt' | 'mtls'
type Binding = 'dpop' | 'mtls'
type OpenId = 'openid_connect' | 'plain_oauth'

const FAPI_CHOICES: readonly (readonly [Auth, Binding])[] = [
  ['private_key_jwt', 'dpop'],
  ['private_key_jwt', 'mtls'],
  ['mtls', 'mtls'],
]
const OPENID: readonly OpenId[] = ['openid_connect', 'plain_oauth']
const STATIC = { server_metadata: 'discovery', client_registration: 'static_client' }
const LOGOUT = { client_registration: 'static_client', response_type: 'code' }

export const PLANS: readonly Plan[] = [
  { file: 'basic', name: 'oidcc-basic-certification-test-plan', variant: STATIC, clients: 'secret' },
  { file: 'form-post', name: 'oidcc-formpost-basic-certification-test-plan', variant: STATIC, clients: 'secret' },
  { file: 'config', name: 'oidcc-config-certification-test-plan', variant: {}, clients: 'none' },
  {
    file: 'dynamic',
    name: 'oidcc-dynamic-certification-test-plan',
    variant: { response_type: 'code' },
    clients: 'registered',
  },
  { file: 'rp-initiated-logout', name: logoutPlan('rp-initiated-logout'), variant: LOGOUT, clients: 'secret' },
  {
    file: 'back-channel-logout',
    name: logoutPlan('backchannel-rp-initiated-logout'),
    variant: LOGOUT,
    clients: 'secret',
  },
  {
    file: 'front-channel-logout',
    name: logoutPlan('frontchannel-rp-initiated-logout'),
    variant: LOGOUT,
    clients: 'secret',
  },
  {
    file: 'private-key-jwt',
    name: 'oidcc-test-plan',
    variant: {
      client_auth_type: 'private_key_jwt',
      response_type: 'code',
      response_mode: 'default',
      client_registration: 'static_client',
    },
    clients: 'key',
  },
  ...FAPI_CHOICES.flatMap((choice) => OPENID.map((openid) => securityProfile(choice, openid))),
  ...FAPI_CHOICES.flatMap((choice) => OPENID.map((openid) => messageSigning(choice, openid))),
  ...(['poll', 'ping'] as const).map(ciba),
]

function logoutPlan(kind: string): string {
  return `oidcc-${kind}-certification-test-plan`
}

function securityProfile([auth, binding]: readonly [Auth, Binding], openid: OpenId): Plan {
  return {
    file: `fapi2-security-profile-${nameOf(auth, binding, openid)}`,
    name: 'fapi2-security-profile-final-test-plan',
    variant: fapiVariant(auth, binding, openid),
    clients: 'fapi2',
  }
}

function messageSigning([auth, binding]: readonly [Auth, Binding], openid: OpenId): Plan {
  return {
    file: `fapi2-message-signing-${nameOf(auth, binding, openid)}`,
    name: 'fapi2-message-signing-final-test-plan',
    variant: {
      ...fapiVariant(auth, binding, openid),
      fapi_request_method: 'signed_non_repudiation',
      fapi_response_mode: 'jarm',
    },
    clients: 'fapi2',
  }
}

/** By certificate: the suite's assertions name the token endpoint there, which FAPI 2.0 clients may not. */
function ciba(mode: 'poll' | 'ping'): Plan {
  return {
    file: `fapi-ciba-${mode}`,
    name: 'fapi-ciba-id1-test-plan',
    variant: {
      client_auth_type: 'mtls',
      ciba_mode: mode,
      fapi_ciba_profile: 'plain_fapi',
      client_registration: 'static_client',
    },
    clients: 'ciba',
  }
}

function nameOf(auth: Auth, binding: Binding, openid: OpenId): string {
  return [auth, binding, openid].join('-').replaceAll('_', '-')
}

function fapiVariant(auth: Auth, binding: Binding, openid: OpenId): Record<string, string> {
  return {
    client_auth_type: auth,
    sender_constrain: binding,
    openid,
    fapi_profile: 'plain_fapi',
    authorization_request_type: 'simple',
  }
}

/** Returns the argument of the suite's run-test-plan.py: the name with its variant. */
export function planArgument({ name, variant }: Pick<Plan, 'name' | 'variant'>): string {
  return (
    name +
    Object.entries(variant)
      .map(([parameter, value]) => `[${parameter}=${value}]`)
      .join('')
  )
}
