/** Finds the pages of clients that sign a person out in their browser (OpenID Connect Front-Channel Logout 1.0). */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Clients } from '#clients/client.ts'
import { logoutAddressOf } from '#clients/logout.ts'
import type { EndedSession } from '../endings/sessions.ts'

export interface FrontChannel {
  /** Keeps which clients were used in the sessions that this request has ended. */
  ended(ctx: Pick<Context, 'req'>, sessions: readonly EndedSession[]): void
  /** Returns the URLs that the browser has to load; none unless this request has ended a session. */
  logoutUrls(ctx: Pick<Context, 'req'>): Promise<readonly string[]>
}

/** Their origins are in a header, and proxies limit its size. */
const MAX_URLS = 50

export function createFrontChannel({
  issuer,
  clients,
}: {
  issuer: string
  clients: Pick<Clients, 'find'>
}): FrontChannel {
  const used = new WeakMap<IncomingMessage, EndedSession['clients']>()

  async function urlOf({ clientId, sid }: EndedSession['clients'][number]): Promise<string[]> {
    const client = await clients.find(clientId)
    const address = client?.status === 'enabled' ? logoutAddressOf(client, 'frontchannel') : undefined
    if (!address) return []
    if (!address.needsSid || sid === undefined) return [address.uri]
    // §3: "If either is included, both MUST be"; the registered query stays as it is
    const query = new URLSearchParams({ iss: issuer, sid }).toString()
    return [`${address.uri}${address.uri.includes('?') ? '&' : '?'}${query}`]
  }

  return {
    ended: ({ req }, sessions) =>
      void used.set(
        req,
        sessions.flatMap((session) => session.clients),
      ),
    async logoutUrls({ req }) {
      const urls = await Promise.all((used.get(req) ?? []).map(urlOf))
      return urls.flat().slice(0, MAX_URLS)
    },
  }
}
