/** The engine's cookies: their names, flags and signatures. */
import Keygrip from 'keygrip'
import type { Configuration } from 'oidc-provider'
import type { Keyring } from '#sealing/keyring.ts'

/**
 * Returns what signs cookies and verifies them. All nodes derive the same keys, newest first. Each restore epoch has its
 * own, so that no cookie from before a restore finds a session, even if a server that kept running wrote it later.
 */
export function cookieSignatures(keyring: Keyring, restoreEpoch: number): Keygrip {
  const purpose = restoreEpoch === 0 ? 'cookies' : `cookies/restored-${restoreEpoch}`
  const keys = keyring.derive(purpose).map((key) => key.toString('base64url'))
  const current = new Keygrip(keys, 'sha256')
  // signatures of version 0.1, accepted for one release
  const former = new Keygrip(keys, 'sha1')
  // a cookie whose index is not 0 is signed again
  const index = (data: string, digest: string): number => {
    const found = current.index(data, digest)
    return found === -1 && former.verify(data, digest) ? keys.length : found
  }
  return { sign: (data) => current.sign(data), index, verify: (data, digest) => index(data, digest) !== -1 }
}

const FLAGS = { signed: true, httpOnly: true, sameSite: 'lax' } as const

/** Returns the options of a cookie like those that the engine sets for the pages of an interaction. */
export function pathCookie(issuer: string, path: string, seconds: number) {
  return { ...FLAGS, secure: issuer.startsWith('https:'), path, maxAge: seconds * 1000 }
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
    long: { ...FLAGS, path: '/', secure },
    short: { ...FLAGS, secure },
    keys: cookieSignatures(keyring, restoreEpoch),
  }
}
