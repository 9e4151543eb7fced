/** GitHub: OAuth 2.0 without OpenID Connect. Its API says who an access token belongs to. */
import type { UpstreamClaims } from '../redeemed.ts'
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'
import { baseUrl, withoutSlash } from './values.ts'

export const GITHUB: Preset = {
  ...OPENID,
  name: 'GitHub',
  values: {
    base_url: baseUrl({
      expected: 'the URL of your GitHub Enterprise, without a path',
      example: 'https://github.example.com',
      fallback: 'https://github.com',
    }),
  },
  // as GitHub names itself in its responses (`iss`, RFC 9207)
  issuerOf: ({ base_url: url = '' }) => `${withoutSlash(url)}/login/oauth`,
  authMethods: ['client_secret_post'],
  responseModes: ['query'],
  scopes: ['read:user', 'user:email'],
  // GitHub never says when the person signed in
  again: { prompt: 'select_account' },
  verifiedAddresses: 'The primary address, if GitHub has verified it.',
  oauth: {
    endpointsOf: (issuer) => ({
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/access_token`,
    }),
    async personOf(get, issuer) {
      const api = apiOf(issuer)
      const claims = claimsOf(await get(`${api}/user`))
      return { claims, profile: async () => ({ ...claims, ...addressOf(await get(`${api}/user/emails`)) }) }
    },
  },
}

/** The API has a host of its own at github.com and ghe.com, and a path on GitHub Enterprise Server. */
function apiOf(issuer: string): string {
  const { protocol, host, hostname } = new URL(issuer)
  const isHosted = hostname === 'github.com' || hostname.endsWith('.ghe.com')
  return isHosted ? `${protocol}//api.${host}` : `${protocol}//${host}/api/v3`
}

function claimsOf(user: unknown): UpstreamClaims {
  const { id, login, name, avatar_url: picture } = (user ?? {}) as Record<string, unknown>
  // the login can change and be given to somebody else; the id cannot
  if (!Number.isSafeInteger(id)) throw new Error('GitHub did not say who the person is (id)')
  return { sub: String(id), preferred_username: login, name: name ?? undefined, picture }
}

function addressOf(addresses: unknown): Record<string, unknown> {
  const all: unknown[] = Array.isArray(addresses) ? addresses : []
  const found = all.find((one) => {
    const { primary, verified } = (one ?? {}) as Record<string, unknown>
    return primary === true && verified === true
  }) as { email?: unknown } | undefined
  return found === undefined ? {} : { email: found.email, email_verified: true }
}
