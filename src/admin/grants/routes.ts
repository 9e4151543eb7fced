/** Routes `/accounts/{sub}/grants`: what a person allowed each client. */
import type { Accounts } from '#accounts/account.ts'
import { AccountNotFound } from '#accounts/errors.ts'
import type { Clients } from '#clients/client.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import { clientNames } from '../client-names.ts'
import { pageOfAll, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { grantPage, toGrantDocument } from './schema.ts'

export interface GrantRoutesDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly accountAccess: AccountAccess
  readonly clients: Pick<Clients, 'find'>
}

const tag = 'Grants'
const path = '/accounts/{sub}/grants'

export function grantRoutes({ accounts, accountAccess, clients }: GrantRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path,
      operationId: 'listGrants',
      tag,
      summary: 'List what a person allowed, newest first',
      scope: 'grants:read',
      query: pageQuery,
      answer: { status: 200, description: 'A page of grants, one a client.', schema: grantPage },
      refusals: [404],
      async handle({ params, query }) {
        const accountId = params.sub as string
        if (!(await accounts.read(accountId))) throw new AccountNotFound(accountId)
        const consents = await accountAccess.consents(accountId)
        const names = await clientNames(
          clients,
          consents.map(({ clientId }) => clientId),
        )
        const all = consents.map((consent) => toGrantDocument(consent, names))
        return { body: pageOfAll(all, query, ({ client_id }) => client_id) }
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/{client_id}`,
      operationId: 'withdrawGrant',
      tag,
      summary: 'Withdraw what a person allowed a client, with every token that was got by it',
      scope: 'grants:write',
      answer: { status: 204, description: 'It is withdrawn.' },
      refusals: [404],
      async handle({ params, by }) {
        await accountAccess.withdrawConsent(params.sub as string, params.client_id as string, by)
        return {}
      },
    }),
  ]
}
