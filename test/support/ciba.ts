/** A client that asks a person without a browser (CIBA), and the person who answers on another node of the same issuer. */
import { loadConfig } from '#config/load.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { ApprovalAnswer, Approvals, Approver, PendingApproval } from '#oidc/grants/ciba/approvals.ts'
import { openServices } from '../../src/services.ts'
import type { RegisteredClient } from './administrator.ts'
import { createApp, type TokenAnswer } from './app.ts'
import { atEnd } from './endings.ts'
import type { OwnPage } from './own-page.ts'
import { formWith, textOf, type Visit } from './person.ts'
import { signRequestObject } from './request-object.ts'
import type { Reachable, Server } from './server.ts'

export const CIBA_GRANT = 'urn:openid:params:grant-type:ciba'
/** The members of a client that polls. */
export const POLLING_CLIENT = {
  client_name: 'Till',
  grant_types: ['authorization_code', 'refresh_token', CIBA_GRANT],
  redirect_uris: ['https://till.example.com/callback'],
} as const

export interface RequestAnswer {
  readonly auth_req_id: string
  readonly expires_in: number
  readonly interval: number
}

export interface CibaClient {
  /** Sends an authentication request for `openid`, or another scope, and returns every answer. */
  ask(params: Record<string, string>, through?: Reachable): Promise<TokenAnswer>
  /** The same, and returns what to poll with. */
  begin(params: Record<string, string>, through?: Reachable): Promise<RequestAnswer>
  poll(request: Pick<RequestAnswer, 'auth_req_id'>, through?: Reachable): Promise<TokenAnswer>
  refresh(token: string, through?: Reachable): Promise<TokenAnswer>
}

export function createCibaClient(server: Reachable, client: RegisteredClient): CibaClient {
  const app = createApp(server, client, '')
  const ask: CibaClient['ask'] = (params, through = server) =>
    app.call('/backchannel/authorize', { scope: 'openid', ...params }, through)
  return {
    ask,
    async begin(params, through) {
      const { status, body } = await ask(params, through)
      if (status !== 200) throw new Error(`no request: ${status} ${JSON.stringify(body)}`)
      return body as unknown as RequestAnswer
    },
    poll: ({ auth_req_id }, through = server) => app.token({ grant_type: CIBA_GRANT, auth_req_id }, through),
    refresh: (token, through) => app.refresh(token, {}, through),
  }
}

/** Returns the parameters of a signed request (CIBA Core 1.0 §7.1.1). */
export async function signed(
  issuer: string,
  client: RegisteredClient,
  params: Record<string, string>,
  claims?: Record<string, unknown>,
): Promise<Record<string, string>> {
  const input = { issuer, client, params: { scope: 'openid', ...params }, ...(claims && { claims }) }
  return { request: await signRequestObject({ ...input, header: { typ: 'JWT' } }) }
}

export interface People {
  readonly approvals: Approvals
  /** Waits for nothing: returns the newest request for the person. */
  newest(accountId: string): Promise<PendingApproval>
  /** Signs the person in and answers the newest request. */
  approve(accountId: string, approver?: Partial<Approver>): ReturnType<Approvals['approve']>
  deny(accountId: string): ReturnType<Approvals['deny']>
}

/** Opens the services of a further node of the issuer, without HTTP, on which people answer. */
export async function peopleOf({ issuer, databaseUrl, keysDir }: Server): Promise<People> {
  const environment = { SIGNET_ISSUER: issuer, DATABASE_URL: databaseUrl, SIGNET_KEYS_DIR: keysDir }
  const { config, secrets } = loadConfig(environment)
  const { services, foundations } = await openServices({
    config,
    secrets,
    databaseUrl,
    databaseDirectUrl: databaseUrl,
    logger: createLogger({ level: 'silent', format: 'json' }),
    metrics: createMetrics(),
  })
  atEnd(foundations.close)
  const { approvals } = services.oidc

  async function newest(accountId: string): Promise<PendingApproval> {
    const [pending] = await approvals.list(accountId)
    if (!pending) throw new Error(`nothing waits for ${accountId}`)
    return pending
  }

  return {
    approvals,
    newest,
    approve: async (accountId, approver) => approvals.approve(await answerTo(newest, accountId), signedIn(approver)),
    deny: async (accountId) => approvals.deny(await answerTo(newest, accountId)),
  }
}

async function answerTo(newest: People['newest'], accountId: string): Promise<ApprovalAnswer> {
  const { id } = await newest(accountId)
  return { accountId, id, by: { actor: { kind: 'account', id: accountId } } }
}

/** Answers the newest request on the person's own pages. */
export async function answerAtOwnPage({ browser, open }: OwnPage, decision: 'allow' | 'deny'): Promise<Visit> {
  const { html } = await open('/requests')
  const [, id] = /\/account\/requests\/([\w-]{43})/.exec(html) ?? []
  if (id === undefined) throw new Error(`nothing waits: ${textOf(html)}`)
  const page = await open(`/requests/${id}`)
  const form = { ...page, html: formWith(page, `value="${decision}"`) }
  const answer = await browser.submit(form, {}, { name: 'decision', value: decision })
  if (answer.status !== 200) throw new Error(`not answered: ${answer.status} ${textOf(answer.html)}`)
  return answer
}

/** How a person has signed in by password a moment ago. */
export function signedIn(changes: Partial<Approver> = {}): Approver {
  return { acr: 'urn:signet:acr:password', amr: ['pwd'], signedInAt: new Date(), provenAt: {}, ...changes }
}
