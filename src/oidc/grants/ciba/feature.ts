/** The engine's backchannel authentication (CIBA Core 1.0 §7): its rules, and those of FAPI-CIBA for `fapi2` clients. */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { PROFILES } from '#clients/profiles.ts'
import { POLLING } from '../../adapter/waiting-store.ts'
import { requestedDetails } from '../../configuration/authorization-details.ts'
import { askedAcr, isOurs } from '../../configuration/claims-parameter.ts'
import { clientOf } from '../../engine/clients.ts'
import { requestScope } from '../../engine/scope/request-scope.ts'
import { bindingMessageFault } from './binding-message.ts'
import type { CheckUserCode } from './user-code.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['ciba']>

export interface CibaDeps {
  readonly checkUserCode: CheckUserCode
}

export function ciba({ checkUserCode }: CibaDeps): Feature {
  return {
    enabled: true,
    // push would deliver tokens outside the token endpoint; FAPI-CIBA §5.2.2 forbids it
    deliveryModes: ['poll', 'ping'],
    // `people.ts` finds the person by what each hint names
    processLoginHint: async (_ctx, hint) => hint,
    async processLoginHintToken() {
      throw new errors.InvalidRequest(
        'login_hint_token is not supported: send login_hint (an e-mail address, or a sub that you got) or id_token_hint',
      )
    },
    verifyUserCode: (ctx, account, code) => checkUserCode(ctx, account.accountId, code),
    async validateBindingMessage(ctx, message) {
      const fault = bindingMessageFault(message, isFapi(ctx) && requestedDetails(ctx) === undefined)
      if (fault !== undefined) throw new errors.InvalidBindingMessage(`binding_message ${fault}`)
    },
    async validateRequestContext(ctx) {
      assertSigned(ctx)
      assertReachable(ctx)
    },
    // the request was stored with all that tells the person
    async triggerAuthenticationDevice(ctx) {
      Object.assign(ctx.body as object, { interval: POLLING.interval })
    },
  }
}

function isFapi({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.client !== undefined && PROFILES[clientOf(oidc.client).profile].fapi !== undefined
}

/** FAPI-CIBA §5.2.2: requests are signed (CIBA Core 1.0 §7.1.1). */
function assertSigned(ctx: KoaContextWithOIDC): void {
  if (!isFapi(ctx) || requestScope()?.requestObject !== undefined) return
  throw new errors.InvalidRequest('a fapi2 client must sign the request: send it as a JWT in the parameter request')
}

/** OpenID Connect Core §5.5.1.1: nobody can sign in as an essential `acr` claim asks when it names none of ours. */
function assertReachable({ oidc }: KoaContextWithOIDC): void {
  const { values, essential } = askedAcr(oidc.params ?? {})
  if (!essential || isOurs(values)) return
  throw new errors.InvalidRequest(
    `no sign-in here reaches the essential acr ${values.join(' ')}; see acr_values_supported`,
  )
}
