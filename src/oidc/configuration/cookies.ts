/** The engine's cookies: their names, flags and keys. */
import type { Configuration } from 'oidc-provider'
import type { Keyring } from '#sealing/keyring.ts'

/**
 * The keys that sign cookies, newest first; all nodes derive the same. Those of another restore epoch are other keys: no
 * cookie of before a restore finds a session, whatever a server that was not stopped may have written meanwhile.
 */
export function cookieKeys(keyring: Keyring, restoreEpoch: number): string[] {
  const purpose = restoreEpoch === 0 ? 'cookies' : `cookies/restored-${restoreEpoch}`
  return keyring.derive(purpose).map((key) => key.toString('base64url'))
}

/**
 * RFC 6265bis §4.1.3: `__Host-` for the session cookie, `__Secure-` for cookies with a path, on https only. On an
 * http (loopback) issuer browsers would drop them.
 */
export function cookies(issuer: string, keyring: Keyring, restoreEpoch: number): NonNullable<Configuration['cookies']> {
  const secure = issuer.startsWith('https:')
  return {
    names: {
      session: secure ? '__Host-signet_session' : 'signet_session',
      interaction: secure ? '__Secure-signet_interaction' : 'signet_interaction',
      resume: secure ? '__Secure-signet_resume' : 'signet_resume',
    },
    long: { signed: true, httpOnly: true, sameSite: 'lax', path: '/', secure },
    short: { signed: true, httpOnly: true, sameSite: 'lax', secure },
    keys: cookieKeys(keyring, restoreEpoch),
  }
}
