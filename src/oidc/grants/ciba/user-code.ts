/** Checks the code that a person has told the client (CIBA Core 1.0 §7.1), without telling whether there is such a person. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { SignInBusy, TooManyAttempts } from '#sign-in/errors.ts'
import type { UserCodes } from '#sign-in/user-code/user-codes.ts'
import { orUnavailable, temporarilyUnavailable } from '../../adapter/errors.ts'
import { clientOf } from '../../engine/clients.ts'
import { beyondLimit, type RequestDeps } from './requests.ts'

export interface UserCodeDeps extends Pick<RequestDeps, 'audit' | 'origin'> {
  readonly userCodes: Pick<UserCodes, 'verify'>
}

/** `accountId` may be the id of nobody. Throws a protocol error. */
export type CheckUserCode = (ctx: KoaContextWithOIDC, accountId: string, code: string | undefined) => Promise<void>

/** Creates the check. A client that is not registered for codes has nothing checked, so it learns nothing by sending one. */
export function createUserCodeCheck(deps: UserCodeDeps): CheckUserCode {
  return async (ctx, accountId, code) => {
    const client = clientOf(ctx.oidc.client as NonNullable<typeof ctx.oidc.client>)
    if (client.metadata['backchannel_user_code_parameter'] !== true) return
    // CIBA Core 1.0 §13
    if (!code) throw new errors.MissingUserCode('user_code is missing: this client is registered to send it')
    const refusal = await orUnavailable(() => deps.userCodes.verify(accountId, code, client.id)).catch(
      async (error: unknown) => {
        throw await explained(deps, ctx, { clientId: client.id, error })
      },
    )
    // one answer for a wrong code, for a person without one and for nobody; the detail is for the audit log
    if (refusal !== undefined) throw new errors.InvalidUserCode('user_code is not right for this hint', refusal)
  }
}

async function explained(
  deps: UserCodeDeps,
  ctx: KoaContextWithOIDC,
  { clientId, error }: { readonly clientId: string; readonly error: unknown },
): Promise<unknown> {
  if (error instanceof TooManyAttempts) {
    const { retryAfterSeconds } = error
    return beyondLimit(deps, ctx, {
      clientId,
      message: 'this client has sent too many wrong user codes',
      retryAfterSeconds,
    })
  }
  return error instanceof SignInBusy
    ? temporarilyUnavailable(error, 'too many codes wait to be checked; try again in a few seconds')
    : error
}
