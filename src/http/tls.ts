/** The protocol versions and cipher suites of the TLS listener. */
import type { TlsOptions } from 'node:tls'

/** RFC 9325 §4.2 (BCP 195), for TLS 1.2: forward secrecy and authenticated encryption. */
const BCP_195 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]
/** RFC 8446 §9.1 and B.4. OpenSSL keeps them apart from the suites of TLS 1.2 by their names. */
const TLS_1_3 = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']

/**
 * What the listener offers. `bcp195`: TLS 1.3, and TLS 1.2 with the suites of BCP 195. `tls1.3`: TLS 1.3 alone. `node`:
 * the defaults of Node, which include CBC and RSA key exchange, for clients that have nothing better.
 */
export type TlsProfile = 'bcp195' | 'tls1.3' | 'node'

const OPTIONS: Readonly<Record<TlsProfile, Pick<TlsOptions, 'minVersion' | 'ciphers'>>> = {
  bcp195: { minVersion: 'TLSv1.2', ciphers: [...TLS_1_3, ...BCP_195].join(':') },
  'tls1.3': { minVersion: 'TLSv1.3', ciphers: TLS_1_3.join(':') },
  node: { minVersion: 'TLSv1.2' },
}

/** Returns the options of a server; the same belong to each new certificate, whose context would otherwise lose them. */
export function tlsOptions(profile: TlsProfile): Pick<TlsOptions, 'minVersion' | 'ciphers'> {
  return OPTIONS[profile]
}
