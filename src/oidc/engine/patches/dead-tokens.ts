/**
 * What: at introspection, `find` returns no token whose client or account is deleted or disabled.
 * Why: the engine answers 500 when the client is deleted, and `active` when the account is disabled.
 * Engine: 9.13.3
 * Test: test/flows/introspection.test.ts
 */
import Provider from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import type { Clients } from '#clients/client.ts'
import { orUnavailable } from '../../adapter/errors.ts'

export interface DeadTokensDeps {
  readonly clients: Pick<Clients, 'read'>
  readonly accounts: Pick<Accounts, 'read'>
}

export function hideDeadTokens(provider: Provider, { clients, accounts }: DeadTokensDeps): void {
  for (const Model of [provider.AccessToken, provider.ClientCredentials, provider.RefreshToken]) {
    const find = Model.find.bind(Model) as (value: string, options?: object) => Promise<StoredToken | undefined>
    Object.assign(Model, {
      find: async (value: string, options?: object): Promise<StoredToken | undefined> => {
        const token = await find(value, options)
        if (!token || Provider.ctx?.oidc?.route !== 'introspection') return token
        const { clientId, accountId } = token
        return orUnavailable(async () => {
          // from PostgreSQL, not a cache, so that every node sees a change at once
          const client = clientId === undefined ? undefined : await clients.read(clientId)
          const account = accountId === undefined ? undefined : await accounts.read(accountId)
          const isAlive = client?.status === 'enabled' && (accountId === undefined || account?.status === 'enabled')
          return isAlive ? token : undefined
        })
      },
    })
  }
}

interface StoredToken {
  clientId?: string
  accountId?: string
}
