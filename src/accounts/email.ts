/** Checks the e-mail addresses of accounts. */
const MAX_LENGTH = 254
/**
 * The local part of an address: the dot-atom form of RFC 5322 §3.4.1 with at most 64 octets (RFC 5321 §4.5.3.1.1), in
 * ASCII.
 */
const LOCAL_PART = /^(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
/**
 * The domain of an address: a host name of at least two labels, or `localhost`; an internationalised one in its `xn--`
 * form.
 */
const DOMAIN =
  /^(?:localhost|(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9])$/i

/** Whether `given` has the form of an address that mail can be sent to. */
export function isEmail(given: unknown): given is string {
  if (typeof given !== 'string' || given.length > MAX_LENGTH) return false
  const at = given.lastIndexOf('@')
  return LOCAL_PART.test(given.slice(0, Math.max(at, 0))) && DOMAIN.test(given.slice(at + 1))
}
