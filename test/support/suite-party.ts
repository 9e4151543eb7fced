/** The suite's clients, as a configuration file of `npm run conformance:serve` describes them, played by openid-client. */
import { exportJWK, generateKeyPair, importJWK } from 'jose'
import * as client from 'openid-client'
import type { Configuration } from '../../conformance/configuration.ts'
import { type Plan, PLANS } from '../../conformance/plans.ts'
import { type SuiteBrowser, suiteBrowser } from './suite-browser.ts'
import type { SuiteWorld } from './suite-world.ts'

export type Section = 'client' | 'client2' | 'client_secret_post'
export const OPENID = 'openid profile email address phone'

export interface SignedIn {
  readonly tokens: client.TokenEndpointResponse
  /** Of the ID token; empty without one. */
  readonly claims: client.IDToken
  /** Where the browser came back to. */
  readonly left: URL
}

export interface Party {
  readonly config: client.Configuration
  readonly clientId: string
  /** An authorization request of a plan without PAR. */
  request(also?: Record<string, string>): URL
  /** Pushes a request, and returns where the browser goes with it. */
  push(): Promise<URL>
  /** Sends the browser through the scripted pages, and returns where it came back to. */
  authorize(also?: Record<string, string>): Promise<URL>
  signIn(also?: Record<string, string>): Promise<SignedIn>
  /** Calls an API with an access token. */
  call(url: URL, token: string): Promise<Response>
  /** The scripted browser; it keeps its cookies. `module`: with the override for that module. */
  browserOf(module?: string): SuiteBrowser
}

export function configurationOf(world: SuiteWorld, file: string): Configuration {
  return world.configurations.get(file) as Configuration
}

export function callbackOf(world: SuiteWorld, file: string): string {
  return `${world.origin}/test/a/${configurationOf(world, file).alias}/callback`
}

interface Means {
  readonly world: SuiteWorld
  readonly plan: Plan
  readonly configuration: Configuration
  readonly config: client.Configuration
  readonly scope: string
  readonly dpop: client.DPoPHandle | undefined
  /** The key that signs request objects. */
  readonly key: client.PrivateKey | undefined
}

/** Plays a client of the plan; one of a plan with registration is registered first. */
export async function openIdParty(world: SuiteWorld, file: string, section: Section): Promise<Party> {
  const plan = PLANS.find((one) => one.file === file) as Plan
  const configuration = configurationOf(world, file)
  const means = await meansOf(world, plan, section)
  const page = await (await world.newContext()).newPage()
  const browserOf = (module?: string) => suiteBrowser(page, configuration, module)
  const checks = { expectedState: 'state', expectedNonce: 'nonce' }

  async function authorize(also: Record<string, string> = {}, verifier?: string): Promise<URL> {
    return browserOf().goTo((await requestOf(means, also, verifier)).href)
  }

  return {
    config: means.config,
    clientId: means.config.clientMetadata().client_id,
    request: (also = {}) => client.buildAuthorizationUrl(means.config, paramsOf(means, also)),
    push: () => requestOf(means, {}, client.randomPKCECodeVerifier()),
    authorize,
    async signIn(also) {
      const verifier = plan.clients === 'fapi2' ? client.randomPKCECodeVerifier() : undefined
      const left = await authorize(also, verifier)
      const { config, dpop } = means
      const hasIdToken = means.scope.includes('openid')
      const tokens = await client.authorizationCodeGrant(
        config,
        plan.file === 'form-post' ? postedTo(world, left) : left,
        {
          expectedState: checks.expectedState,
          ...(hasIdToken && { expectedNonce: checks.expectedNonce, idTokenExpected: true }),
          ...(verifier !== undefined && { pkceCodeVerifier: verifier }),
        },
        undefined,
        dpop && { DPoP: dpop },
      )
      return { tokens, claims: (tokens.claims() ?? {}) as client.IDToken, left }
    },
    call: (url, token) =>
      client.fetchProtectedResource(
        means.config,
        token,
        url,
        'GET',
        undefined,
        undefined,
        means.dpop && { DPoP: means.dpop },
      ),
    browserOf,
  }
}

async function meansOf(world: SuiteWorld, plan: Plan, section: Section): Promise<Means> {
  const configuration = configurationOf(world, plan.file)
  const own = configuration[section]
  const jwk = own?.jwks?.keys[0]
  const key = jwk && { key: (await importJWK(jwk, 'PS256')) as client.CryptoKey, kid: String(jwk.kid) }
  const fetch = world.fetchAs(configuration.mtls)
  const options = { [client.customFetch]: fetch as unknown as client.CustomFetch }
  const config =
    plan.clients === 'registered'
      ? await registered(world, plan, options)
      : await client.discovery(
          new URL(configuration.server.discoveryUrl),
          String(own?.client_id),
          metadataOf(plan),
          authenticationOf(plan, section, { configuration, secret: own?.client_secret, key }),
          options,
        )
  const { sender_constrain: binding, fapi_response_mode: mode } = plan.variant
  if (mode === 'jarm') client.useJwtResponseMode(config)
  const dpop = binding === 'dpop' ? client.getDPoPHandle(config, await client.randomDPoPKeyPair()) : undefined
  return { world, plan, configuration, config, scope: own?.scope ?? OPENID, dpop, key }
}

function metadataOf({ clients }: Plan): Partial<client.ClientMetadata> {
  if (clients !== 'fapi2') return {}
  return {
    use_mtls_endpoint_aliases: true,
    id_token_signed_response_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
  }
}

interface Proofs {
  readonly configuration: Configuration
  readonly secret: string | undefined
  readonly key: client.PrivateKey | undefined
}

function authenticationOf(plan: Plan, section: Section, { configuration, secret, key }: Proofs): client.ClientAuth {
  if (section === 'client_secret_post') return client.ClientSecretPost(secret)
  if (plan.clients === 'secret') return client.ClientSecretBasic(secret)
  if (plan.variant['client_auth_type'] === 'mtls') return client.TlsClientAuth()
  if (key === undefined) return client.None()
  return plan.clients === 'fapi2'
    ? client.PrivateKeyJwt(key)
    : client.PrivateKeyJwt(key, namingTokenEndpoint(configuration))
}

/** As the suite's clients do outside FAPI. */
function namingTokenEndpoint({ server }: Configuration): client.ModifyAssertionOptions {
  const tokenEndpoint = new URL('/token', server.discoveryUrl).href
  return {
    [client.modifyAssertion]: (_header, payload) => {
      payload['aud'] = tokenEndpoint
    },
  }
}

async function registered(world: SuiteWorld, plan: Plan, options: client.DiscoveryRequestOptions) {
  const { server, client: section } = configurationOf(world, plan.file)
  const pair = await generateKeyPair('PS256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'PS256', kid: 'r1' }] }
  const metadata = {
    client_name: String(section?.client_name),
    redirect_uris: [callbackOf(world, plan.file)],
    scope: OPENID,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks,
  }
  const key = { key: pair.privateKey, kid: 'r1' }
  return client.dynamicClientRegistration(
    new URL(server.discoveryUrl),
    metadata,
    client.PrivateKeyJwt(key, namingTokenEndpoint(configurationOf(world, plan.file))),
    { ...options, initialAccessToken: String(section?.initial_access_token) },
  )
}

function paramsOf({ world, plan, scope }: Means, also: Record<string, string>): Record<string, string> {
  return {
    redirect_uri: callbackOf(world, plan.file),
    scope,
    state: 'state',
    ...(scope.includes('openid') && { nonce: 'nonce' }),
    ...(plan.file === 'form-post' && { response_mode: 'form_post' }),
    ...also,
  }
}

async function requestOf(means: Means, also: Record<string, string>, verifier?: string): Promise<URL> {
  const { config, plan, key, dpop } = means
  const params = paramsOf(means, also)
  if (verifier === undefined) return client.buildAuthorizationUrl(config, params)
  const all = {
    ...params,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const isSigned = plan.variant['fapi_request_method'] === 'signed_non_repudiation'
  const pushed =
    isSigned && key
      ? (await client.buildAuthorizationUrlWithJAR(config, all, key)).searchParams
      : new URLSearchParams(all)
  return client.buildAuthorizationUrlWithPAR(config, pushed, dpop && { DPoP: dpop })
}

/** The form that was last posted to the URL, as the app got it. */
function postedTo({ calls }: SuiteWorld, { href, pathname }: URL): Request {
  const posted = calls.findLast(({ url }) => url.pathname === pathname)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return new Request(href, { method: String(posted?.method), headers, body: posted?.body ?? '' })
}
