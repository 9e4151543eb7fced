/** Checks e-mail addresses and brings them into the form in which accounts and mails use them. */
import { domainToASCII } from 'node:url'

const MAX_OCTETS = 254
const MAX_LOCAL_OCTETS = 64
const ATOM = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+/=?^_\x60{|}~-]+`
/**
 * The local part of an address: the dot-atom form of RFC 5322 §3.4.1, with letters of every language (RFC 6532 §3.2).
 * Whether mail can be sent there is up to the relay (SMTPUTF8).
 */
const LOCAL_PART = new RegExp(String.raw`^${ATOM}(?:\.${ATOM})*$`, 'u')
/** Scripts with letters that look alike. A local part that mixes them could pass for another one. */
const LOOKALIKES = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]
/** The domain of an address: a host name of at least two labels, or `localhost`; an internationalized one as `xn--`. */
const DOMAIN =
  /^(?:localhost|(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9])$/i
/** An internationalized domain as people type it. Its labels may be separated by other full stops (UTS #46). */
const INTERNATIONAL_DOMAIN = /^[\p{L}\p{M}\p{N}\p{Join_Control}.\u3002\uFF0E\uFF61-]+$/u

/**
 * Returns an address that mail can be sent to in the form in which it is stored: without white space around it, the
 * domain in ASCII, the local part in normalization form C. Undefined if `given` is no such address.
 */
export function emailOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_OCTETS) return undefined
  const typed = given.trim()
  const at = typed.lastIndexOf('@')
  const local = typed.slice(0, Math.max(at, 0)).normalize('NFC')
  const domain = asciiDomain(typed.slice(at + 1))
  const email = `${local}@${domain}`
  if (domain === undefined || !LOCAL_PART.test(local) || !DOMAIN.test(domain)) return undefined
  if (LOOKALIKES.filter((script) => script.test(local)).length > 1) return undefined
  return Buffer.byteLength(local) <= MAX_LOCAL_OCTETS && Buffer.byteLength(email) <= MAX_OCTETS ? email : undefined
}

/**
 * Returns a key that is the same for all spellings that a database may take for one address. Which these are depends on
 * its locale: by lower() of some, İ is i, and a final sigma is any other. A key may be shared by two addresses.
 */
export function spellingKey(text: string): string {
  return text.toLowerCase().replaceAll('i\u0307', 'i').replaceAll('ς', 'σ')
}

/** Returns an internationalized domain in its ASCII form (RFC 5891), and one in ASCII as it is. */
export function asciiDomain(domain: string): string | undefined {
  if (/^\p{ASCII}*$/u.test(domain)) return domain
  return INTERNATIONAL_DOMAIN.test(domain) ? domainToASCII(domain) : undefined
}
