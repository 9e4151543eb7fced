/** Completes the answers of the device authorization endpoint (RFC 8628 §3.2), and records the requests. */
import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit, AuditContext } from '#audit/audit.ts'
import { POLLING } from '../../adapter/waiting-store.ts'
import { ROUTES } from '../../engine/routes.ts'

export interface DeviceAuthorizationDeps {
  readonly audit: Pick<Audit, 'record'>
  readonly auditContext: (ctx: Context) => Omit<AuditContext, 'actor'>
}

export function deviceAuthorizationEndpoint({ audit, auditContext }: DeviceAuthorizationDeps): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.path !== ROUTES.device_authorization || ctx.method !== 'POST' || ctx.status !== 200) return
    Object.assign(ctx.body as object, { interval: POLLING.interval })
    const { client, params } = (ctx as unknown as KoaContextWithOIDC).oidc
    const clientId = client?.clientId as string
    const resource = [params?.['resource']].flat().filter((one) => typeof one === 'string')
    await audit.record({
      ...auditContext(ctx),
      type: 'device.requested',
      outcome: 'success',
      actor: { kind: 'client', id: clientId },
      clientId,
      detail: { scope: (params?.['scope'] as string | undefined) ?? '', ...(resource.length > 0 ? { resource } : {}) },
    })
  }
}
