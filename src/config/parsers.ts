/** Parsers that turn the string of a variable into its value, or say what is expected instead. */
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

/** Thrown by a parser: `expected` completes the sentence "must be …". */
export class ParseFault extends Error {
  override readonly name = 'ParseFault'
}

export type Parser<Value> = (text: string) => Value

function refuse(expected: string): never {
  throw new ParseFault(expected)
}

export const text: Parser<string> = (value) => value

/** A path, absolute or relative to the working directory. The value is absolute. */
export const path: Parser<string> = (value) => resolve(value)

export const flag: Parser<boolean> = (value) => {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  return refuse('true or false')
}

export function choice<Value extends string>(...values: readonly Value[]): Parser<Value> {
  return (value) => values.find((known) => known === value) ?? refuse(`one of ${values.join(', ')}`)
}

export function integer(least: number, most: number): Parser<number> {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    return number >= least && number <= most ? number : refuse(`a whole number from ${least} to ${most}`)
  }
}

/** A number of processes; `auto` is one for each core of the machine. */
export const workers: Parser<number> = (value) => {
  if (value === 'auto') return availableParallelism()
  try {
    return integer(1, 256)(value)
  } catch {
    return refuse('a whole number from 1 to 256, or auto')
  }
}

/** An absolute URL with one of the protocols (`https:`), without credentials. */
export function url(...protocols: readonly string[]): Parser<string> {
  const expected = `an absolute URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`
  return (value) => {
    if (!URL.canParse(value)) return refuse(expected)
    const parsed = new URL(value)
    if (!protocols.includes(parsed.protocol) || parsed.hostname === '') return refuse(expected)
    return parsed.username === '' && parsed.password === '' ? value : refuse('a URL without user name and password')
  }
}

/** An https URL, without a trailing slash. */
export const origin: Parser<string> = (value) => url('https:')(value).replace(/\/$/, '')

/**
 * An issuer identifier, without a trailing slash.
 * RFC 8414 §2: a URL without query and fragment. Clients compare it as a string, so only the normal form is accepted.
 */
export const issuer: Parser<string> = (value) => {
  const given = url('https:', 'http:')(value).replace(/\/$/, '')
  const { origin, pathname, search, hash } = new URL(given)
  if (search !== '' || hash !== '' || /[?#]/.test(given)) return refuse('a URL without query and fragment')
  const normal = origin + (pathname === '/' ? '' : pathname)
  if (pathname.endsWith('/') && pathname !== '/') return refuse('a URL without trailing slashes')
  return given === normal ? given : refuse(`written in its normal form, ${normal}`)
}

/** An address or a host name to listen on. */
export const listenHost: Parser<string> = (value) =>
  isIP(value) !== 0 || isHostName(value) ? value : refuse('an IP address or a host name, without port or brackets')

/** `postgres://…`. It may hold a password, so no message shows the value. */
export const databaseUrl: Parser<string> = (value) => {
  const expected = 'a URL that starts with postgres:// and names a host and a database'
  if (!URL.canParse(value)) return refuse(expected)
  const parsed = new URL(value)
  if (!['postgres:', 'postgresql:'].includes(parsed.protocol)) return refuse(expected)
  if (parsed.pathname.length < 2 || (parsed.hostname === '' && !parsed.searchParams.has('host')))
    return refuse(expected)
  const sslmode = parsed.searchParams.get('sslmode')
  const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']
  if (sslmode !== null && !modes.includes(sslmode)) return refuse(`given an sslmode among ${modes.join(', ')}`)
  return value
}

/** `smtp://` or `smtps://`, with user and password if the relay needs them. `?tls=off` does without STARTTLS. */
export const smtpUrl: Parser<string> = (value) => {
  const expected = 'a URL that starts with smtp:// or smtps://'
  if (!URL.canParse(value)) return refuse(expected)
  const { protocol, hostname, pathname, search, hash } = new URL(value)
  if (!['smtp:', 'smtps:'].includes(protocol) || hostname === '') return refuse(expected)
  const bare = (pathname === '' || pathname === '/') && hash === ''
  const known = search === '' || (search === '?tls=off' && protocol === 'smtp:')
  return bare && known ? value : refuse('without path and query; only smtp:// may end with ?tls=off')
}

/** Comma-separated addresses and CIDR ranges. */
export const ranges: Parser<readonly string[]> = (value) => {
  const parts = splitList(value)
  const bad = parts.find((part) => !isRange(part))
  return bad === undefined ? parts : refuse(`a comma-separated list of CIDR ranges, which ${show(bad)} is not`)
}

/** Comma-separated host names, addresses and CIDR ranges. */
export const hostsOrRanges: Parser<readonly string[]> = (value) => {
  const parts = splitList(value)
  const bad = parts.find((part) => !isRange(part) && !isHostName(part))
  return bad === undefined
    ? parts
    : refuse(`a comma-separated list of hosts and CIDR ranges, which ${show(bad)} is not`)
}

/** Base64url keys of 32 bytes, separated by commas or line breaks. Ignores empty lines and lines that start with #. */
export const masterKeys: Parser<readonly Uint8Array[]> = (value) => {
  const parts = value
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap(splitList)
  const keys = parts.map((part) => (/^[A-Za-z0-9_-]{43}=?$/.test(part) ? Buffer.from(part, 'base64url') : undefined))
  const wrong = keys.findIndex((key) => key?.length !== 32)
  if (wrong >= 0) return refuse(`a list of base64url keys of 32 bytes, which key ${wrong + 1} of it is not`)
  if (keys.length === 0) return refuse('a list of at least one base64url key of 32 bytes')
  return keys.filter((key) => key !== undefined)
}

export const email: Parser<string> = (value) =>
  /^[^\s@<>]{1,64}@[^\s@<>]{1,255}$/.test(value) ? value : refuse('an e-mail address')

/** `ada@example.com` or `Signet <ada@example.com>`. */
export const mailbox: Parser<string> = (value) =>
  /^(?:[^<>@\r\n]+<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/.test(value)
    ? value
    : refuse('an e-mail address, with or without a name before it')

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function isRange(part: string): boolean {
  const [address = '', prefix, ...rest] = part.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

function isHostName(part: string): boolean {
  if (/^[\d.]+$/.test(part)) return false
  return part.length <= 253 && part.split('.').every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label))
}

function show(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
