/** Right requests of clients that ask a person without a browser (CIBA), by value and signed, and their polls. */
import { signRequestObject } from '../support/request-object.ts'
import { clientForm } from './client-form.ts'
import type { Draft } from './draft.ts'
import type { Random } from './random.ts'
import { API, type Maker, type Stage } from './stage.ts'

const PATH = '/backchannel/authorize'

function parametersOf(random: Random, email: string): Record<string, string> {
  return {
    scope: 'openid posts:read',
    resource: API,
    login_hint: random.pick([email, 'nobody@example.com', 'acc-unknown']),
    binding_message: 'W4-SCT',
    requested_expiry: '120',
    acr_values: 'urn:signet:acr:password',
  }
}

async function backchannel(stage: Stage, random: Random): Promise<Draft> {
  const { till, who } = await stage.cast()
  return clientForm(stage, { client: till, path: PATH }, parametersOf(random, who.email))
}

async function backchannelSigned(stage: Stage, random: Random): Promise<Draft> {
  const { till, who } = await stage.cast()
  const params = parametersOf(random, who.email)
  const request = await signRequestObject({ issuer: stage.server.issuer, client: till, params })
  const draft = await clientForm(stage, { client: till, path: PATH, name: 'backchannel signed' }, { request })
  return { ...draft, keys: { ...draft.keys, request: till.key } }
}

async function tokenOfRequest(stage: Stage): Promise<Draft> {
  const { till, authReqId } = await stage.cast()
  const params = { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: authReqId }
  return clientForm(stage, { client: till, path: '/token', name: 'token: ciba' }, params)
}

/** With how often each is made, against the others. */
export const CIBA_REQUESTS: readonly (readonly [number, Maker])[] = [
  [3, backchannel],
  [2, backchannelSigned],
  [2, tokenOfRequest],
]
