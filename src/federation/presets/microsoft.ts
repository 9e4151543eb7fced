/** Microsoft Entra ID: one tenant, or all of them. */
import type { UpstreamClaims } from '../redeemed.ts'
import { OPENID } from './openid.ts'
import type { Preset, PresetValues, VerifiedToken } from './preset.ts'
import { text } from './values.ts'

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const FORM = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|common|organizations|consumers)$/
/** Matches the issuers for which anybody can make an account, with any address. */
export const OPEN_TENANTS = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/i

const issuerOf = ({ tenant = '' }: PresetValues) => `https://login.microsoftonline.com/${tenant}/v2.0`

export const MICROSOFT: Preset = {
  ...OPENID,
  name: 'Microsoft',
  values: {
    tenant: text(
      {
        expected:
          'the directory (tenant) ID, a GUID in lower case; or, for the people of every tenant, common, organizations or consumers',
        example: '0c0f7b3a-5d3e-4a52-9d2c-1f0c5f6c2b11',
      },
      FORM,
    ),
  },
  issuerOf,
  authMethods: ['client_secret_post', 'client_secret_basic'],
  // Entra ID sends no `email_verified`. `email` alone can be chosen by any administrator of a tenant.
  claims: { email: 'email', email_verified: 'xms_edov', name: 'name' },
  verifiedAddresses:
    'Addresses whose domain belongs to the tenant, if the app registration adds the optional claims `email` and `xms_edov`. No others.',
  claimsOf,
}

function claimsOf({ claims, issuer, keyIssuer }: VerifiedToken): UpstreamClaims {
  const { tid, iss, sub, xms_edov: owned } = claims
  if (typeof tid !== 'string' || !GUID.test(tid)) throw new Error('the ID token names no tenant (tid)')
  // the metadata of open tenants has a template as issuer, https://login.microsoftonline.com/{tenantid}/v2.0
  if (iss !== issuerOf({ tenant: tid }))
    throw new Error('the ID token comes from another issuer than its tenant (iss, tid)')
  if (typeof keyIssuer === 'string' && keyIssuer.replace('{tenantid}', tid) !== iss) {
    throw new Error('the ID token is signed with the key of another issuer (iss)')
  }
  return {
    ...claims,
    // OpenID Connect Core §2: a subject is unique within its issuer, and here each tenant has its own
    sub: OPEN_TENANTS.test(issuer) ? `${tid}/${sub}` : sub,
    // a boolean in the documentation, also 1 or '1' in tokens
    ...(owned === undefined ? {} : { xms_edov: [true, 'true', 1, '1'].includes(owned as boolean | string | number) }),
  }
}
