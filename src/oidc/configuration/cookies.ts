/** The engine's cookies: their names, flags and keys. */
import type { Configuration } from 'oidc-provider'
import type { Keyring } from '#sealing/keyring.ts'

/**
 * Returns the keys that sign cookies, newest first. All nodes derive the same keys. Each restore epoch has its own, so
 * that no cookie from before a restore finds a session, even if a server that kept running wrote it later.
 */
export function cookieKeys(keyring: Keyring, restoreEpoch: number): string[] {
  const purpose = restoreEpoch === 0 ? 'cookies' : `cookies/restored-${restoreEpoch}`
  return keyring.derive(purpose).map((key) => key.toString('base64url'))
}

/**
 * Returns the engine's cookie settings. RFC 6265bis §4.1.3: the session cookie has the prefix `__Host-`, cookies with a
 * path have `__Secure-`. Only on https: on an http (loopback) issuer browsers would drop them.
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
