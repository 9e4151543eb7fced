/** Which hosts are this machine itself. */
import { isIPv4 } from 'node:net'

/** `localhost`, `127.0.0.0/8` or `[::1]`, as the host of a URL is written. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]' || hostname === '::1') return true
  return isIPv4(hostname) && hostname.startsWith('127.')
}
