/** Notes each token and authorization of a self-registered client, so that the client is not removed as unused. */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { clientOf } from '../engine/clients.ts'

export function noteUses(provider: Provider, used: (clientId: string) => void): void {
  const note = ({ oidc: { client } }: KoaContextWithOIDC) => {
    if (client && clientOf(client).origin === 'registration') used(client.clientId)
  }
  provider.on('grant.success', note)
  provider.on('authorization.success', note)
}
