/** Private-use URI schemes, which an app claims on a device (RFC 8252 §7.1). */

/** Schemes whose URIs a browser runs or reads from the device instead of opening an app. Never a redirect URI. */
export const SCRIPT_SCHEMES: ReadonlySet<string> = new Set([
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'view-source',
  'filesystem',
])
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss', 'ftp'])

/** Whether a text is a scheme in lower case (RFC 3986 §3.1) that an app can claim. */
export function isPrivateScheme(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]{0,63}$/.test(value)) return false
  return !SCRIPT_SCHEMES.has(value) && !WEB_SCHEMES.has(value)
}
