/** The suite's configuration of a plan: a JSON file that is uploaded when the plan is made. */
import type { JWK } from 'jose'
import { API_SCOPES } from './accounts-api.ts'
import { type BrowserSection, browserSection } from './browser.ts'
import type { ClientKeys, Credentials } from './credentials.ts'
import type { Plan } from './plans.ts'
import { aliasOf, type Registrations } from './registration.ts'
import type { Addresses } from './server.ts'

interface ClientSection {
  readonly client_id?: string
  readonly client_secret?: string
  readonly client_name?: string
  readonly initial_access_token?: string
  readonly scope?: string
  /** Private keys: the suite acts as the client. */
  readonly jwks?: { readonly keys: readonly JWK[] }
}

export interface Configuration extends BrowserSection {
  readonly alias: string
  readonly description: string
  readonly server: { readonly discoveryUrl: string; readonly login_hint: string }
  readonly client?: ClientSection | undefined
  readonly client2?: ClientSection | undefined
  readonly client_secret_post?: ClientSection | undefined
  readonly mtls?: { readonly cert: string; readonly key: string; readonly ca: string }
  readonly mtls2?: { readonly cert: string; readonly key: string; readonly ca: string }
  readonly resource?: { readonly resourceUrl: string }
  /** The suite's browser then loads no style sheets. */
  readonly options: { readonly browsercontrol_css_enable: boolean }
}

export interface ConfigurationInput {
  readonly addresses: Addresses
  readonly credentials: Credentials
  readonly registrations: Registrations
}

export function configurationOf(input: ConfigurationInput, plan: Plan): Configuration {
  const { addresses, registrations } = input
  const { person } = registrations
  return {
    alias: aliasOf(plan),
    description: `Signet: ${plan.name} (${plan.file})`,
    server: {
      discoveryUrl: `${addresses.issuer}/.well-known/openid-configuration`,
      login_hint: person.email,
    },
    ...clientSections(input, plan),
    ...browserSection(addresses.issuer, person),
    options: { browsercontrol_css_enable: false },
  }
}

function clientSections({ addresses, credentials, registrations }: ConfigurationInput, plan: Plan) {
  const [one, two, post] = registrations.clientsOf(plan).map(({ id, secret }) => ({
    client_id: id,
    ...(secret !== undefined && { client_secret: secret }),
  }))
  const [keys, keys2] = credentials.clients
  if (plan.clients === 'registered') {
    const initial = { initial_access_token: registrations.initialAccessToken }
    return { client: { client_name: 'one', ...initial }, client2: { client_name: 'two', ...initial } }
  }
  if (plan.clients === 'secret') return { client: one, client2: two, client_secret_post: post }
  if (plan.clients === 'key') {
    return { client: { ...one, ...signingWith(keys) }, client2: { ...two, ...signingWith(keys2) } }
  }
  if (plan.clients !== 'fapi2') return {}
  const { cert: ca } = credentials.authority
  const { scope, resourceUrl } = resourceOf(addresses, plan)
  return {
    client: { ...one, scope, ...signingWith(keys) },
    client2: { ...two, scope, ...signingWith(keys2) },
    mtls: { cert: keys.certificate.cert, key: keys.certificate.key, ca },
    mtls2: { cert: keys2.certificate.cert, key: keys2.certificate.key, ca },
    resource: { resourceUrl },
  }
}

/** With OpenID the access tokens are for userinfo, where one module compares claims; otherwise they are for the API. */
function resourceOf({ issuer, mtls, api }: Addresses, { variant }: Plan) {
  if (variant['openid'] !== 'openid_connect') {
    return { scope: [...API_SCOPES, 'offline_access'].join(' '), resourceUrl: `${api}/accounts` }
  }
  const origin = variant['sender_constrain'] === 'mtls' ? mtls : issuer
  return { scope: 'openid profile email offline_access', resourceUrl: `${origin}/userinfo` }
}

function signingWith({ key }: ClientKeys) {
  return { jwks: { keys: [key] } }
}
