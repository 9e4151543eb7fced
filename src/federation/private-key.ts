/** Reads private keys that administrators give, as Apple hands them out. */
import { createPrivateKey } from 'node:crypto'

const MAX_PEM = 4096

/** Returns an EC key on P-256, which ES256 needs, as PKCS #8 in PEM. Undefined for anything else. */
export function pkcs8Of(pem: string): string | undefined {
  if (pem.length > MAX_PEM) return undefined
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined
    return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    return undefined
  }
}
