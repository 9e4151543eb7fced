/** The engine's cookies: their names, flags and keys. */
import type { Configuration } from 'oidc-provider'
import type { Keyring } from '#shared/keyring.ts'

/** The keys that sign cookies, newest first; all nodes derive the same. */
export function cookieKeys(keyring: Keyring): string[] {
  return keyring.derive('cookies').map((key) => key.toString('base64url'))
}

/**
 * RFC 6265bis §4.1.3: `__Host-` for the session cookie, `__Secure-` for cookies with a path, on https only. On an
 * http (loopback) issuer browsers would drop them.
 */
export function cookies(issuer: string, keyring: Keyring): NonNullable<Configuration['cookies']> {
  const secure = issuer.startsWith('https:')
  return {
    names: {
      session: secure ? '__Host-signet_session' : 'signet_session',
      interaction: secure ? '__Secure-signet_interaction' : 'signet_interaction',
      resume: secure ? '__Secure-signet_resume' : 'signet_resume',
    },
    long: { signed: true, httpOnly: true, sameSite: 'lax', path: '/', secure },
    short: { signed: true, httpOnly: true, sameSite: 'lax', secure },
    keys: cookieKeys(keyring),
  }
}
