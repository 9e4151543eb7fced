/** An async hook at the point where the client of a request is known and the engine has not decided anything yet. */
import Provider from 'oidc-provider'
import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'

/** Runs `hook` after each client lookup in a request that has parameters. An error from `hook` refuses the request. */
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
