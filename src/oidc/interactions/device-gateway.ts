/** Begins the interaction of a device: from its user code to the page where the person compares it (RFC 8628 §3.3). */
import type { Context } from 'koa'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { DeviceCode, Interaction } from 'oidc-provider'
import type { Device } from '#http/device.ts'
import { requestOrigin } from '#http/origin.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import { randomId } from '#shared/ids.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { pathCookie } from '../configuration/cookies.ts'
import type { Lifetimes } from '../configuration/lifetimes.ts'
import { shownUserCode, USER_CODE_FORM } from '../grants/device/user-codes.ts'
import type { DeviceGateway } from './interaction-gateway.ts'
import { DEVICE_PROMPT } from './opened.ts'
import type { WayBack } from './way-back.ts'

export interface DeviceGatewayDeps {
  readonly issuer: string
  readonly provider: () => Provider
  readonly lifetimes: Lifetimes
  readonly wayBack: Pick<WayBack, 'set'>
  readonly writeBudget: WriteBudget
  /** Returns the open interaction. Throws InteractionLost without one. */
  readonly current: (ctx: Context) => Promise<Interaction>
}

/** The approximate size of the row of an interaction. */
const INTERACTION_BYTES = 2048

type NewInteraction = new (uid: string, payload: object) => Interaction

export function createDeviceGateway(deps: DeviceGatewayDeps): DeviceGateway {
  return {
    async begin(ctx, userCode) {
      if (!USER_CODE_FORM.test(userCode)) return 'unknown'
      const { DeviceCode } = deps.provider()
      const code = await unlessFetched(() => DeviceCode.findByUserCode(userCode, { ignoreExpiration: true }))
      if (!code) return 'unknown'
      if (typeof code === 'string') return code
      const end = endOf(code)
      if (end) return end
      deps.writeBudget.charge(requestOrigin(ctx).address, INTERACTION_BYTES)
      await begin(deps, ctx, code)
      return 'begun'
    },
    async waiting(ctx) {
      const { deviceCode } = await deps.current(ctx)
      const { DeviceCode } = deps.provider()
      const code = deviceCode && (await unlessFetched(() => DeviceCode.find(deviceCode, FIND)))
      if (!code) return 'expired'
      if (typeof code === 'string') return code
      const { address, ...device } = (code.deviceInfo ?? {}) as Device & { address?: string }
      return endOf(code) ?? { userCode: shownUserCode(code.userCode), address, device }
    },
  }
}

const FIND = { ignoreExpiration: true, ignoreSessionBinding: true }

/** Returns `decided` for a code whose tokens were fetched a moment ago, which storage gives to nobody. */
async function unlessFetched<T>(find: () => Promise<T>): Promise<T | 'decided'> {
  try {
    return await orUnavailable(find)
  } catch (error) {
    if (error instanceof errors.InvalidGrant) return 'decided'
    throw error
  }
}

function endOf(code: DeviceCode): 'expired' | 'decided' | undefined {
  if (code.accountId !== undefined || code.error !== undefined || code.consumed !== undefined) return 'decided'
  return code.isExpired ? 'expired' : undefined
}

/**
 * Begins an interaction as the engine would, so that its end resumes there. It belongs to no session: the person may sign
 * in, or out, until they decide.
 */
async function begin(deps: DeviceGatewayDeps, ctx: Context, code: DeviceCode): Promise<void> {
  const provider = deps.provider()
  const uid = randomId()
  const returnTo = provider.urlFor('device_resume', { uid })
  const params = code.params ?? {}
  const Model = provider.Interaction as unknown as NewInteraction
  const interaction = new Model(uid, {
    returnTo,
    prompt: { name: DEVICE_PROMPT, reasons: [], details: {} },
    params,
    deviceCode: code.jti,
    cid: randomId(),
  })
  const seconds = Math.max(1, Math.min(deps.lifetimes().interaction_seconds, code.remainingTTL))
  await orUnavailable(() => interaction.save(seconds))
  const page = `${deps.issuer}/interaction/${uid}`
  for (const [name, url] of [
    ['interaction', page],
    ['resume', returnTo],
  ] as const) {
    ctx.cookies.set(provider.cookieName(name), uid, pathCookie(deps.issuer, new URL(url).pathname, seconds))
  }
  deps.wayBack.set(ctx, uid, { params, repeatable: false, isDevice: true })
  ctx.redirect(page)
  ctx.status = 303
}
