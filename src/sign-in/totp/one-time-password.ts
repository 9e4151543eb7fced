/** Checks time-based one-time passwords (RFC 6238) and makes the `otpauth:` URI and QR code for authenticator apps. */
import { timingSafeEqual } from 'node:crypto'
import { HOTP, Secret, TOTP } from 'otpauth'
import encodeQR from 'qr'
import { normalizedCode } from '../one-time-code.ts'

const PERIOD_SECONDS = 30
const DIGITS = 6
/** Accepted steps before and after the current one, for clocks that differ (RFC 6238 §5.2). */
const WINDOW = 1
/** 160 bits (RFC 4226 §4, R6). */
const SECRET_BYTES = 20

export function newSecret(): Buffer {
  return Buffer.from(new Secret({ size: SECRET_BYTES }).bytes)
}

/** Returns the time step of the typed code, near `nowSeconds`. Undefined if the code is not one of this secret's. */
export function stepOf(typed: string, secret: Buffer, nowSeconds: number): number | undefined {
  const code = normalizedCode(typed)
  if (!/^\d{6}$/.test(code)) return undefined
  const present = Math.floor(nowSeconds / PERIOD_SECONDS)
  const key = new Secret({ buffer: Uint8Array.from(secret).buffer })
  const steps = Array.from({ length: 2 * WINDOW + 1 }, (_, at) => present - WINDOW + at)
  // compares all steps, so that the time reveals nothing
  const matching = steps.filter((counter) =>
    timingSafeEqual(Buffer.from(HOTP.generate({ secret: key, counter, digits: DIGITS })), Buffer.from(code)),
  )
  return matching.at(-1)
}

export interface TotpSetup {
  /** The secret in base32, for typing it if the QR code cannot be scanned. */
  readonly secret: string
  /** An `otpauth://totp/…` URI, for a phone where this page is open. */
  readonly uri: string
  /** The URI as a QR code, in an SVG element. */
  readonly qr: string
}

export function setupOf(secret: Buffer, { issuer, account }: { issuer: string; account: string }): TotpSetup {
  const key = new Secret({ buffer: Uint8Array.from(secret).buffer })
  // apps split the label at the first colon, also an encoded one, so the name must not have any
  const name = issuer.replaceAll(/\s*:\s*/g, ' ').trim()
  const uri = new TOTP({ issuer: name, label: account, secret: key, digits: DIGITS, period: PERIOD_SECONDS }).toString()
  return { secret: key.base32, uri, qr: encodeQR(uri, 'svg', { ecc: 'medium', border: 2 }) }
}
