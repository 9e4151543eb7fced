/**
 * What: a request object is judged by our rules as soon as its client and the parameters are known: when
 * `OIDCContext.entity` sets the client, or `OIDCContext.params` is set after it. `AuthorizationCode.save` uses its `jti`.
 * Why: the engine says "Request Object claims are invalid" without the claim, puts the state of an object that nobody
 * signed into its answer, and lets an object with a `jti` be used again (RFC 9101 §10.1). It is used with the answer, so
 * that a person may load the page again before that.
 * Engine: 9.13.3
 * Test: test/flows/request-objects.test.ts
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { HOOK_PARAMETER } from '../../configuration/authorization-request.ts'
import {
  contextOf,
  isBackchannelRequest,
  type RequestObjectDeps,
  useRequestObject,
} from '../../configuration/request-objects.ts'
import { clientOf } from '../clients.ts'
import type { ReadJwt } from '../jwt-rules.ts'
import { requestObjectFault } from '../request-object.ts'
import type { ReplayDeps } from './replay-detection.ts'

type Oidc = InstanceType<Provider['OIDCContext']>

const ENCRYPTED =
  'request object: it is encrypted, and this server has no keys for that; push the signed one to /par, which hides it too'
/** CIBA Core 1.0 §7.1.1. */
const ENCRYPTED_BACKCHANNEL = 'request object: it is encrypted; an authentication request is signed only'

const ROUTES = new Set([
  'authorization',
  'pushed_authorization_request',
  'device_authorization',
  'backchannel_authentication',
])

export function judgeRequestObjects(provider: Provider, deps: RequestObjectDeps & ReplayDeps): void {
  const { prototype } = provider.OIDCContext
  const { entity } = prototype
  prototype.entity = function setEntity(this: Oidc, key, value) {
    entity.call(this, key, value)
    if (key === 'Client') judge(this, deps)
  }
  const params = Object.getOwnPropertyDescriptor(prototype, 'params') as PropertyDescriptor
  Object.defineProperty(prototype, 'params', {
    ...params,
    set(this: Oidc, value: unknown) {
      params.set?.call(this, value)
      judge(this, deps)
    },
  })

  const { prototype: code } = provider.AuthorizationCode as unknown as { prototype: { save: Save } }
  const { save } = code
  code.save = async function saveOnce(this: unknown, ...args: unknown[]) {
    const use = Provider.ctx?.oidc.params?.[HOOK_PARAMETER]
    if (typeof use === 'string') await useRequestObject(use, deps.reserveNow)
    return save.apply(this, args)
  }
}

type Save = (...args: unknown[]) => Promise<unknown>

function judge({ route, client, params }: Oidc, deps: RequestObjectDeps): void {
  const sent = params?.['request']
  if (!client || typeof sent !== 'string' || !ROUTES.has(route)) return
  const fault = requestObjectFault({ ...read(sent, route), client: clientOf(client), context: contextOf(deps, route) })
  if (fault !== undefined) throw refusal(fault, route)
}

/** CIBA Core 1.0 §13 has no error of its own for request objects. */
function refusal(fault: string, route: string): Error {
  return isBackchannelRequest(route) ? new errors.InvalidRequest(fault) : new errors.InvalidRequestObject(fault)
}

function read(jwt: string, route: string): ReadJwt {
  // RFC 7516 §9: five parts are encrypted
  if (jwt.split('.').length === 5) throw refusal(isBackchannelRequest(route) ? ENCRYPTED_BACKCHANNEL : ENCRYPTED, route)
  try {
    return { jwt, header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }
  } catch {
    throw refusal('request object: it is not a signed JWT (RFC 9101 §4)', route)
  }
}
