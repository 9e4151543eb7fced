/** The suite's configuration of a plan: a JSON file that is uploaded when the plan is made. */
import type { JWK } from 'jose'
import { API_SCOPES } from './accounts-api.ts'
import { approvalUrl } from './approvals.ts'
import { type BrowserSection, browserSection } from './browser.ts'
import type { ClientKeys, Credentials } from './credentials.ts'
import type { ConformanceOptions } from './options.ts'
import type { Plan } from './plans.ts'
import { aliasOf, type Registrations } from './registration.ts'
import type { Addresses } from './server.ts'

/** The class of a sign-in with a password alone. */
const PASSWORD_ACR = 'urn:signet:acr:password'

interface ClientSection {
  readonly client_id?: string
  readonly client_secret?: string
  readonly client_name?: string
  readonly initial_access_token?: string
  readonly scope?: string
  readonly hint_type?: 'login_hint'
  readonly hint_value?: string
  readonly acr_value?: string
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
  /** Called in place of the person who is asked without a browser. */
  readonly automated_ciba_approval_url?: string
  /** The suite's browser then loads no style sheets. */
  readonly options: { readonly browsercontrol_css_enable: boolean }
}

export interface ConfigurationInput {
  readonly addresses: Addresses
  readonly credentials: Credentials
  readonly registrations: Registrations
  readonly options: ConformanceOptions
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

function clientSections(input: ConfigurationInput, plan: Plan) {
  const { addresses, credentials, registrations } = input
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
  if (plan.clients === 'none') return {}
  const { scope, resourceUrl } = resourceOf(addresses, plan)
  const { cert: ca } = credentials.authority
  const asked = plan.clients === 'ciba' ? askedPerson(input, plan) : undefined
  return {
    client: { ...one, scope, ...signingWith(keys), ...asked?.hint },
    client2: { ...two, scope, ...signingWith(keys2), ...asked?.hint, ...(asked && { acr_value: PASSWORD_ACR }) },
    mtls: { cert: keys.certificate.cert, key: keys.certificate.key, ca },
    mtls2: { cert: keys2.certificate.cert, key: keys2.certificate.key, ca },
    resource: { resourceUrl },
    ...(asked && { automated_ciba_approval_url: asked.approvalUrl }),
  }
}

function askedPerson({ options, registrations }: ConfigurationInput, plan: Plan) {
  const who = registrations.personOf(plan)
  return { hint: { hint_type: 'login_hint', hint_value: who.email } as const, approvalUrl: approvalUrl(options, who) }
}

/** With OpenID the access tokens are for userinfo, where one module compares claims; otherwise they are for the API. */
function resourceOf({ issuer, mtls, api }: Addresses, { variant }: Plan) {
  if (variant['openid'] === 'plain_oauth') {
    return { scope: [...API_SCOPES, 'offline_access'].join(' '), resourceUrl: `${api}/accounts` }
  }
  const origin = variant['sender_constrain'] === 'dpop' ? issuer : mtls
  return { scope: 'openid profile email offline_access', resourceUrl: `${origin}/userinfo` }
}

function signingWith({ key }: ClientKeys) {
  return { jwks: { keys: [key] } }
}
