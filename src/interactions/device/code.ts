/** Serves `/device` (RFC 8628 §3.3): reads the user code that a person types, or that a link carries. */
import type { Context } from 'koa'
import type { Audit, AuditContext } from '#audit/audit.ts'
import { requestOrigin } from '#http/origin.ts'
import type { Csrf } from '#http/csrf.ts'
import { shownUserCode, USER_CODE_FORM } from '#oidc/grants/device/user-codes.ts'
import type { DeviceGateway } from '#oidc/interactions/interaction-gateway.ts'
import type { BrowserSession, BrowserSessions } from '#oidc/sessions/browser-session.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { type Attempts, type BegunAttempt, SESSION } from '#sign-in/attempts.ts'
import { TooManyAttempts } from '#sign-in/errors.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { anonymous, type InteractionPaths } from '../paths.ts'
import { codePage, type CodeProblem } from './page.ts'

/** The path of the page below the issuer: the `verification_uri`. */
export const DEVICE_PATH = '/device'

export interface DeviceCodeDeps {
  readonly devices: Pick<DeviceGateway, 'begin'>
  readonly browserSessions: Pick<BrowserSessions, 'of'>
  readonly attempts: Pick<Attempts, 'begin'>
  readonly audit: Pick<Audit, 'record'>
  readonly csrf: Csrf
  readonly paths: InteractionPaths
}

/** Binds the CSRF field to this page. */
const BINDING = 'device'
const STATUS = { stale: 403, missing: 422, unknown: 422, expired: 410, decided: 410, tooMany: 429 } as const
const REASONS = {
  stale: 'the form was not made by a page of this site in this browser',
  unknown: 'there is no such user code',
  expired: 'the user code has expired',
  decided: 'the user code was decided before',
  tooMany: 'too many attempts',
} as const satisfies Record<Exclude<CodeProblem, 'missing'>, string>

interface Shown {
  readonly code?: string
  readonly isCarried?: boolean
  readonly problem?: CodeProblem
}

export function createDeviceCodePage(deps: DeviceCodeDeps) {
  const { audit, csrf, paths } = deps

  async function show(ctx: Context, { code = '', isCarried = false, problem }: Shown): Promise<void> {
    const language = chooseLanguage(ctx)
    const action = paths.of(DEVICE_PATH)
    const page = codePage({ language, action, csrfField: csrf.field(ctx, BINDING), code, isCarried, problem })
    const status = problem === undefined ? 200 : STATUS[problem]
    // the links to other languages keep the code of the page that a link opened
    const languagePath = ctx.method === 'GET' ? undefined : action
    await sendPage(ctx, { language, ...page, status, languagePath })
  }

  async function refuse(ctx: Context, problem: Exclude<CodeProblem, 'missing'>, by: AuditContext, code = '') {
    await audit.record({
      ...by,
      ...accountOf(by),
      type: 'device.refused',
      outcome: 'failure',
      reason: REASONS[problem],
    })
    await show(ctx, { code, problem })
  }

  return {
    /** RFC 8628 §3.3.1: the code of a link is shown, and the person compares it. */
    async get(ctx: Context): Promise<void> {
      const carried = normalizedCode(textOf(ctx.query['user_code']))
      const isCarried = USER_CODE_FORM.test(carried)
      await show(ctx, { code: isCarried ? shownUserCode(carried) : '', isCarried })
    },

    async post(ctx: Context): Promise<void> {
      const form = await csrf.readForm(ctx, BINDING)
      if (!form) return refuse(ctx, 'stale', anonymous(ctx))
      const typed = form.one('user_code') ?? ''
      if (normalizedCode(typed) === '') return show(ctx, { problem: 'missing' })
      const session = await deps.browserSessions.of(ctx)
      const by: AuditContext = session
        ? { ...requestOrigin(ctx), actor: { kind: 'account', id: session.account.id } }
        : anonymous(ctx)
      try {
        const found = await whileCounted(deps, ctx, { session, code: normalizedCode(typed) })
        if (found !== 'begun') await refuse(ctx, found, by, typed.slice(0, MAX_SHOWN))
      } catch (error) {
        if (!(error instanceof TooManyAttempts)) throw error
        ctx.set('Retry-After', String(error.retryAfterSeconds))
        await refuse(ctx, 'tooMany', by)
      }
    },
  }
}

/** Characters of a wrong code that the page shows again. */
const MAX_SHOWN = 40

/**
 * Begins the interaction of the device, and counts the attempt if there is none with this code (RFC 8628 §5.1). A
 * signed-in person is counted alone; all others by their address, apart from sign-ins, so that guessing codes keeps
 * nobody from signing in. A right code takes back its own count only: whoever has a device of their own could otherwise
 * clear the count of their guesses.
 */
async function whileCounted(
  { attempts, devices }: DeviceCodeDeps,
  ctx: Context,
  { session, code }: { session: BrowserSession | undefined; code: string },
): ReturnType<DeviceGateway['begin']> {
  const { address } = requestOrigin(ctx)
  const attempt: BegunAttempt = await attempts.begin({
    method: 'user_code',
    who: session?.account.id,
    knownBrowser: session && SESSION,
    address,
    budget: 'user_code',
  })
  const found = await devices.begin(ctx, code).catch(async (error: unknown) => {
    await attempt.undo().catch(() => undefined)
    throw error
  })
  if (found !== 'unknown') await attempt.undo()
  return found
}

function accountOf({ actor }: AuditContext): { accountId?: string } {
  return actor.kind === 'account' && actor.id !== undefined ? { accountId: actor.id } : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
