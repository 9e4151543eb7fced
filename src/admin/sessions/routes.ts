/** Routes `/accounts/{sub}/sessions`: the browsers in which a person is signed in. */
import type { Accounts } from '#accounts/account.ts'
import { AccountNotFound } from '#accounts/errors.ts'
import type { Clients } from '#clients/client.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import { clientNames } from '../client-names.ts'
import { pageOfAll, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { sessionPage, toSessionDocument } from './schema.ts'

export interface SessionRoutesDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly accountAccess: AccountAccess
  readonly clients: Pick<Clients, 'find'>
}

const tag = 'Sessions'
const path = '/accounts/{sub}/sessions'

export function sessionRoutes({ accounts, accountAccess, clients }: SessionRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path,
      operationId: 'listSessions',
      tag,
      summary: 'List the browser sessions of a person, newest first',
      scope: 'sessions:read',
      query: pageQuery,
      answer: { status: 200, description: 'A page of sessions.', schema: sessionPage },
      refusals: [404],
      async handle({ params, query }) {
        const accountId = params.sub as string
        if (!(await accounts.read(accountId))) throw new AccountNotFound(accountId)
        const sessions = await accountAccess.sessions(accountId)
        const names = await clientNames(
          clients,
          sessions.flatMap(({ clientIds }) => clientIds),
        )
        const documents = sessions.map((session) => toSessionDocument(session, names))
        return { body: pageOfAll(documents, query, ({ id }) => id) }
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/{session_id}`,
      operationId: 'endSession',
      tag,
      summary: 'End a browser session, with the tokens that do not outlive a logout',
      scope: 'sessions:write',
      answer: { status: 204, description: 'It is ended.' },
      refusals: [404],
      async handle({ params, by }) {
        await accountAccess.endSession(params.sub as string, params.session_id as string, by)
        return {}
      },
    }),
  ]
}
