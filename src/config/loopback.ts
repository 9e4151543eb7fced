/** Recognizes loopback hosts. */
import { isIPv4 } from 'node:net'

/** Returns whether the host of a URL is `localhost`, in `127.0.0.0/8`, or `[::1]`. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]' || hostname === '::1') return true
  return isIPv4(hostname) && hostname.startsWith('127.')
}
