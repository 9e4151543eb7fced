/** Registers what the plans need, through the admin API: an API, a person, settings, and the clients of each plan. */
import { join } from 'node:path'
import { type AdminClient, createAdminClient, type Document } from '../src/cli/admin-client.ts'
import { API_SCOPES } from './accounts-api.ts'
import type { Person } from './browser.ts'
import type { ClientKeys, Credentials } from './credentials.ts'
import type { Plan } from './plans.ts'
import type { Addresses } from './server.ts'

/** A client as a configuration file has it. */
export interface RegisteredClient {
  readonly id: string
  readonly secret: string | undefined
}

export interface RegistrationInput {
  readonly addresses: Addresses
  readonly credentials: Credentials
  readonly keysDir: string
  /** The origin of the suite. */
  readonly suite: string
}

export interface Registrations {
  readonly person: Person
  /** The person that the clients of a plan ask without a browser: one a plan, so that plans can run side by side. */
  personOf(plan: Plan): Person
  /** The two clients of a plan and, where it tells them apart by method, one with client_secret_post. */
  clientsOf(plan: Plan): readonly RegisteredClient[]
  /** An initial access token for the clients that the suite registers itself. */
  readonly initialAccessToken: string
}

/** The suite asks one person for more than an app would. */
const SETTINGS = {
  client_registration: { mode: 'token' },
  limits: { backchannel_requests_waiting: 100, backchannel_requests_per_hour: 10_000 },
}
const TOKEN_LIFETIME_SECONDS = 90 * 24 * 3600
const OPENID = 'openid profile email address phone offline_access'
/** Every standard claim (OpenID Connect Core §5.1): the suite warns of those that a scope gives and a person lacks. */
const CLAIMS = {
  given_name: 'Ada',
  family_name: 'Lovelace',
  middle_name: 'King',
  nickname: 'ada',
  preferred_username: 'ada',
  profile: 'https://ada.example.com/',
  picture: 'https://ada.example.com/ada.png',
  website: 'https://ada.example.com/',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phone_number: '+442079460000',
  phone_number_verified: true,
  address: { street_address: '12 St James’s Square', locality: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
}

/** The path of the suite's endpoints for the configuration of a plan. */
export function suiteUrl(suite: string, { file }: Pick<Plan, 'file'>, path: string): string {
  return `${suite}/test/a/${aliasOf({ file })}/${path}`
}

export function aliasOf({ file }: Pick<Plan, 'file'>): string {
  return `signet-${file}`
}

export async function registerAll(input: RegistrationInput, plans: readonly Plan[]): Promise<Registrations> {
  const { addresses, credentials, keysDir } = input
  const admin = createAdminClient({ issuer: addresses.issuer, keyFile: join(keysDir, 'admin-cli.jwk.json') })
  const person = { email: 'ada@conformance.example', password: credentials.password }
  await admin.change('/settings', { method: 'PATCH', body: SETTINGS })
  const api = { resource: addresses.api, name: 'Accounts', scopes: API_SCOPES }
  await admin.change('/resources', { method: 'POST', body: api })
  const personOf = ({ file }: Plan) => ({ email: `${file}@conformance.example`, password: credentials.password })
  for (const who of [person, ...plans.filter(({ clients }) => clients === 'ciba').map(personOf)]) {
    const account = { ...who, email_verified: true, name: 'Ada Lovelace', ...CLAIMS }
    await admin.change('/accounts', { method: 'POST', body: account })
  }
  const clients = new Map<string, readonly RegisteredClient[]>()
  for (const plan of plans) clients.set(plan.file, await registerClients(admin, input, plan))
  return {
    person,
    personOf,
    clientsOf: ({ file }) => clients.get(file) ?? [],
    initialAccessToken: await issueToken(admin, input),
  }
}

async function issueToken(admin: AdminClient, { suite }: RegistrationInput): Promise<string> {
  const body = {
    name: 'Conformance suite',
    profiles: ['web'],
    redirect_hosts: [new URL(suite).hostname],
    // the suite's clients send neither PKCE nor the issuer as audience
    pkce: 'optional',
    assertion_audience: 'token_endpoint',
    max_uses: null,
    lifetime_seconds: TOKEN_LIFETIME_SECONDS,
  }
  return String((await admin.change('/registration-tokens', { method: 'POST', body }))?.['token'])
}

async function registerClients(
  admin: AdminClient,
  input: RegistrationInput,
  plan: Plan,
): Promise<readonly RegisteredClient[]> {
  const registered: RegisteredClient[] = []
  for (const metadata of metadataOf(input, plan)) {
    const body = {
      ...metadata,
      client_name: `${plan.file} ${registered.length + 1}`,
      signet_id_token_claims: 'minimal',
    }
    const created = await admin.change('/clients', { method: 'POST', body })
    const { client_id: id, client_secret: secret } = created as { client_id: string; client_secret?: string }
    registered.push({ id, secret })
  }
  return registered
}

function metadataOf({ addresses, credentials, suite }: RegistrationInput, plan: Plan): readonly Document[] {
  const [one, two] = credentials.clients
  const callback = suiteUrl(suite, plan, 'callback')
  // the suite's second client also checks that the query of a redirect URI is kept
  const both = { redirect_uris: [callback, `${callback}?dummy1=lorem&dummy2=ipsum`] }
  if (plan.clients === 'secret') {
    return ['client_secret_basic', 'client_secret_basic', 'client_secret_post'].map((method) => ({
      ...webClient(suite, plan),
      ...both,
      token_endpoint_auth_method: method,
    }))
  }
  if (plan.clients === 'key') {
    return [one, two].map(({ publicKey }) => ({
      ...webClient(suite, plan),
      ...both,
      token_endpoint_auth_method: 'private_key_jwt',
      signet_assertion_audience: 'token_endpoint',
      jwks: { keys: [publicKey] },
    }))
  }
  if (plan.clients === 'fapi2') return [one, two].map((keys) => ({ ...fapiClient(addresses, plan, keys), ...both }))
  if (plan.clients === 'ciba') return [one, two].map((keys) => ({ ...cibaClient(suite, plan, keys), ...both }))
  return []
}

function webClient(suite: string, plan: Plan): Document {
  const at = (path: string) => suiteUrl(suite, plan, path)
  return {
    signet_profile: 'web',
    // the suite tests what OpenID Connect asks of a server, which PKCE is no part of
    signet_pkce: 'optional',
    scope: OPENID,
    post_logout_redirect_uris: [at('post_logout_redirect')],
    ...(plan.file === 'back-channel-logout' && {
      backchannel_logout_uri: at('backchannel_logout'),
      backchannel_logout_session_required: true,
    }),
    ...(plan.file === 'front-channel-logout' && {
      frontchannel_logout_uri: at('frontchannel_logout'),
      frontchannel_logout_session_required: true,
    }),
  }
}

function fapiClient({ api }: Addresses, { variant }: Plan, { publicKey, hostName }: ClientKeys): Document {
  const isSigned = variant['fapi_request_method'] === 'signed_non_repudiation'
  return {
    signet_profile: 'fapi2',
    scope: OPENID,
    signet_allow: [{ resource: api, scopes: API_SCOPES }],
    signet_default_resource: api,
    jwks: { keys: [publicKey] },
    ...(variant['client_auth_type'] === 'mtls'
      ? { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: hostName }
      : { token_endpoint_auth_method: 'private_key_jwt' }),
    ...(variant['sender_constrain'] === 'mtls' && { tls_client_certificate_bound_access_tokens: true }),
    ...(isSigned && { require_signed_request_object: true, request_object_signing_alg: 'PS256' }),
  }
}

function cibaClient(suite: string, plan: Plan, { publicKey, hostName }: ClientKeys): Document {
  const isNotified = plan.variant['ciba_mode'] === 'ping'
  return {
    signet_profile: 'fapi2',
    grant_types: ['authorization_code', 'refresh_token', 'urn:openid:params:grant-type:ciba'],
    scope: OPENID,
    jwks: { keys: [publicKey] },
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: hostName,
    tls_client_certificate_bound_access_tokens: true,
    backchannel_authentication_request_signing_alg: 'PS256',
    backchannel_token_delivery_mode: plan.variant['ciba_mode'],
    ...(isNotified && {
      backchannel_client_notification_endpoint: suiteUrl(suite, plan, 'ciba-notification-endpoint'),
    }),
  }
}
