/** A fetch that connects to one port of this machine, whatever host a URL names. */
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'

/** Returns a fetch to `port`; a path is relative to the issuer. The caller destroys the agent. */
export function fetchTo(port: number, issuer: string): { fetch: typeof globalThis.fetch; agent: Agent } {
  const connect = buildConnector({})
  const agent = new Agent({
    connect: (target, done) => connect({ ...target, hostname: '127.0.0.1', port: String(port) }, done),
  })
  const fetchHere = async (input: string | URL, init: object = {}) => {
    const url = typeof input === 'string' && input.startsWith('/') ? issuer + input : input
    return undiciFetch(url, { ...init, dispatcher: agent })
  }
  return { fetch: fetchHere as unknown as typeof globalThis.fetch, agent }
}
