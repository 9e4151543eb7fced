/** An issuer with a client that asks by CIBA, and a person who answers. */
import { expect } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from './administrator.ts'
import type { TokenAnswer } from './app.ts'
import { type CibaClient, createCibaClient, type People, peopleOf, POLLING_CLIENT } from './ciba.ts'
import { API } from './hazard-world.ts'
import { type Server, startServer } from './server.ts'

export const ADA = { login_hint: 'ada@example.com' }

export interface CibaWorld {
  readonly server: Server
  readonly admin: Administrator
  readonly people: People
  /** A client that polls. */
  readonly till: RegisteredClient
  readonly client: CibaClient
  /** The account id of Ada. */
  readonly sub: string
  /** Registers another client; `also` adds members. */
  aClient(also?: Record<string, unknown>, profile?: 'web' | 'fapi2'): Promise<RegisteredClient>
  /** Refuses every request for Ada, so that the next test begins with none. */
  denyAll(): Promise<void>
  /** Expects a refusal and its audit event. `detail`: what the event says in place of the description. */
  refused(answer: TokenAnswer, status: number, body: Record<string, string>, detail?: string): Promise<void>
}

export async function startCibaWorld(): Promise<CibaWorld> {
  const server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_per_hour: 1000 } })
  const sub = await admin.account(ADA.login_hint, PASSWORD)
  const people = await peopleOf(server)
  const aClient: CibaWorld['aClient'] = (also = {}, profile = 'web') =>
    admin.client(profile, {
      ...POLLING_CLIENT,
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
      ...also,
    })
  const till = await aClient()
  return {
    server,
    admin,
    people,
    till,
    client: createCibaClient(server, till),
    sub,
    aClient,
    async denyAll() {
      while ((await people.approvals.list(sub)).length > 0) await people.deny(sub)
    },
    async refused(answer, status, body, detail = body['error_description']) {
      expect(answer).toMatchObject({ status, body })
      expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({
        outcome: 'failure',
        reason: `${body['error']}: ${detail}`,
        detail: { endpoint: 'backchannel_authentication' },
      })
    },
  }
}
