/** Time-based one-time passwords (RFC 6238) and the address by which an authenticator app takes their secret. */
import { timingSafeEqual } from 'node:crypto'
import { HOTP, Secret, TOTP } from 'otpauth'
import encodeQR from 'qr'
import { normalizedCode } from '../one-time-code.ts'

const PERIOD_SECONDS = 30
const DIGITS = 6
/** Steps before and after the present one, for clocks that differ (RFC 6238 §5.2). */
const WINDOW = 1
/** 160 bits (RFC 4226 §4, R6). */
const SECRET_BYTES = 20

export function newSecret(): Buffer {
  return Buffer.from(new Secret({ size: SECRET_BYTES }).bytes)
}

/** The time step that the code belongs to, however it was typed, near `nowSeconds`; undefined where it is none of this secret's codes. */
export function stepOf(typed: string, secret: Buffer, nowSeconds: number): number | undefined {
  const code = normalizedCode(typed)
  if (!/^\d{6}$/.test(code)) return undefined
  const present = Math.floor(nowSeconds / PERIOD_SECONDS)
  const key = new Secret({ buffer: Uint8Array.from(secret).buffer })
  const steps = Array.from({ length: 2 * WINDOW + 1 }, (_, at) => present - WINDOW + at)
  // all of them are compared, so that the time tells nothing
  const matching = steps.filter((counter) =>
    timingSafeEqual(Buffer.from(HOTP.generate({ secret: key, counter, digits: DIGITS })), Buffer.from(code)),
  )
  return matching.at(-1)
}

export interface TotpSetup {
  /** In base32, to be typed where no picture can be taken. */
  readonly secret: string
  /** `otpauth://totp/…`: for a phone on which the page itself is open. */
  readonly uri: string
  /** An SVG element of the URI as QR code. */
  readonly qr: string
}

export function setupOf(secret: Buffer, { issuer, account }: { issuer: string; account: string }): TotpSetup {
  const key = new Secret({ buffer: Uint8Array.from(secret).buffer })
  const uri = new TOTP({ issuer, label: account, secret: key, digits: DIGITS, period: PERIOD_SECONDS }).toString()
  return { secret: key.base32, uri, qr: encodeQR(uri, 'svg', { ecc: 'medium', border: 2 }) }
}
