/** Serves `/.well-known/security.txt`, which tells where to report a vulnerability (RFC 9116). */
import type { Middleware } from 'koa'
import { LANGUAGES } from '#pages/i18n/language.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'

export const SECURITY_TXT_PATH = '/.well-known/security.txt'
const DAY_MS = 86_400_000
/** RFC 9116 §2.5.5 recommends less than a year. */
const VALID_DAYS = 180

export interface SecurityTxtDeps {
  readonly issuer: string
  readonly settings: Pick<Settings, 'current'>
  readonly clock: Clock
}

/** Creates the middleware. Without a contact there is no file, because §2.5.3 requires one. */
export function createSecurityTxt({ issuer, settings, clock }: SecurityTxtDeps): Middleware {
  const canonical = new URL(SECURITY_TXT_PATH, issuer).href
  return async (ctx, next) => {
    const { contact } = settings.current().security
    if (ctx.path !== SECURITY_TXT_PATH || contact === null || !['GET', 'HEAD'].includes(ctx.method)) {
      await next()
      return
    }
    const today = Math.floor(clock.now().getTime() / DAY_MS)
    const lines = [
      `Contact: ${contact}`,
      `Expires: ${new Date((today + VALID_DAYS) * DAY_MS).toISOString()}`,
      `Preferred-Languages: ${Object.keys(LANGUAGES).join(', ')}`,
      `Canonical: ${canonical}`,
    ]
    ctx.set('Cache-Control', 'public, max-age=86400')
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = `${lines.join('\n')}\n`
  }
}
