/** The engine's device flow (RFC 8628): its user codes, and the pages after a person has decided. */
import type { Configuration, ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Clients } from '#clients/client.ts'
import { deviceOf } from '#http/device.ts'
import { requestOrigin } from '#http/origin.ts'
import { brandOf } from '../../interactions/client-brand.ts'
import type { DeviceEnd, EnginePages } from '../../interactions/interaction-gateway.ts'
import { REFUSALS } from './decisions.ts'
import { USER_CODES } from './user-codes.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

export interface DeviceFlowDeps {
  readonly pages: Pick<EnginePages, 'device' | 'error'>
  readonly clients: Pick<Clients, 'find'>
  /** Records that a person decided too late. */
  readonly deviceRefused: (about: { clientId: string; reason: string }) => Promise<void>
  /** Describes an interaction that the engine can no longer find. */
  readonly lost: (ctx: KoaContextWithOIDC) => Promise<Error>
}

/**
 * Before it calls for a form, the engine puts a secret for it into the session, which is saved already. Our form needs
 * none, and the session of somebody who is not signed in has no row that could be saved again.
 */
function dropFormState({ oidc: { session } }: KoaContextWithOIDC): void {
  if (session) Object.assign(session, { state: undefined, touched: false })
}

function shownError(out: ErrorOut | undefined): { error: string; error_description?: string } {
  const { error = 'invalid_request', error_description: description } = out ?? {}
  return { error, ...(description === undefined ? {} : { error_description: description }) }
}

/** What became of a code, by the name of the engine's error. */
const ENDS: Readonly<Record<string, DeviceEnd>> = {
  AbortedError: 'denied',
  ExpiredError: 'expired',
  AlreadyUsedError: 'decided',
  NotFoundError: 'expired',
}

const REASONS: Partial<Record<DeviceEnd, string>> = {
  decided: 'the device was decided before',
  expired: 'the device code has expired',
}

export function deviceFlow({ clients, deviceRefused, pages, lost }: DeviceFlowDeps): DeviceFlow {
  async function show(ctx: KoaContextWithOIDC, end: DeviceEnd): Promise<void> {
    // the engine may not have looked up the client of the interaction yet
    const id = String(ctx.oidc.entities.Interaction?.params['client_id'])
    const reason = REASONS[end]
    if (reason !== undefined) await deviceRefused({ clientId: id, reason })
    const metadata = (await clients.find(id))?.metadata ?? {}
    const { client_name: name } = metadata
    await pages.device(ctx, end, { name: typeof name === 'string' ? name : id, brand: brandOf(metadata) })
  }

  return {
    ...USER_CODES,
    deviceInfo: (ctx) => ({ address: requestOrigin(ctx).address, ...deviceOf(ctx.get('user-agent')) }),
    successSource: (ctx) => show(ctx, 'approved'),
    // our own page reads user codes, so the engine calls this for errors alone
    async userCodeInputSource(ctx, _form, out, error) {
      dropFormState(ctx)
      if (error instanceof errors.SessionNotFound) throw await lost(ctx)
      const end = endOf(error, out?.error ?? '')
      if (end) await show(ctx, end)
      else await pages.error(ctx, shownError(out))
    },
    userCodeConfirmSource() {
      throw new TypeError('user codes are confirmed on our own page')
    },
  }
}

function endOf(error: Error | undefined, code: string): DeviceEnd | undefined {
  // whether it was decided before, or its tokens were fetched already
  if (error instanceof errors.InvalidGrant) return 'decided'
  return REFUSALS.has(code) ? 'denied' : ENDS[error?.name ?? '']
}
