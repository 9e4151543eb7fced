/** The one moment in a request at which its client is known, nothing is decided yet, and one may wait. */
import Provider from 'oidc-provider'
import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'

/** Runs `hook` after each lookup of a client by a request with parameters. What it throws refuses the request. */
export function onClientFound(
  provider: Provider,
  hook: (ctx: KoaContextWithOIDC, client: EngineClient) => Promise<void>,
): void {
  const find = provider.Client.find.bind(provider.Client)
  Object.assign(provider.Client, {
    find: async (id: string): Promise<EngineClient | undefined> => {
      const client = await find(id)
      const ctx = Provider.ctx
      if (client && ctx?.oidc?.params) await hook(ctx, client)
      return client
    },
  })
}
