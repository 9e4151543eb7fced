/**
 * Serves the pages of sign-in and consent: `/interaction/:uid`, and the paths below it that their forms post to; and
 * `/device`, where a person enters the code of a device.
 */
import Router from '@koa/router'
import type { Middleware } from 'koa'
import { UPSTREAM_CALLBACK_PATH, UPSTREAM_SIGNED_OUT_PATH } from '#federation/paths.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { Csrf } from '#http/csrf.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import type { FrontChannel } from '#oidc/sign-out/front-channel.ts'
import type { DeviceGateway, InteractionGateway, OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Enrolments } from '#sign-in/enrolment-store.ts'
import type { NotifyNewBrowser } from '#sign-in/new-browser.ts'
import type { KnownDevices } from '#sign-in/known-devices.ts'
import type { LostFactors } from '#sign-in/lost-factor/lost-factors.ts'
import type { SignInProgress } from '#sign-in/progress-store.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import type { Clock } from '#shared/clock.ts'
import type { EmailVerifications } from '#verification/email-verification/email-verification.ts'
import type { IdentityCodes } from '#verification/identity-codes.ts'
import type { Registration } from '#verification/registration.ts'
import { createDeviceCodePage, DEVICE_PATH } from './device/code.ts'
import { createDeviceCookie } from './device-cookie.ts'
import { withoutDeadEnds } from './lost/lost.ts'
import { interactionPaths } from './paths.ts'
import { createProofs } from './proofs.ts'
import { leadOnFromSignOut } from './sign-out/already.ts'
import { loadLogoutFrames } from './sign-out/frames.ts'
import { createUpstreamSignOut } from './sign-out/upstream.ts'
import { openInteraction, type Question, type StepDeps } from './step.ts'
import { createSteps } from './steps.ts'
import { upstreamCallback, upstreamFormAnswer } from './upstream/step.ts'

export interface InteractionsDeps {
  /** The issuer identifier. The paths of forms start with its path. */
  readonly issuer: string
  readonly gateway: InteractionGateway
  readonly frontChannel: Pick<FrontChannel, 'logoutUrls'>
  readonly devices: DeviceGateway
  readonly browserSessions: StepDeps['browserSessions']
  readonly methods: MethodRegistry
  readonly enrolments: Enrolments
  readonly progress: SignInProgress
  readonly knownDevices: KnownDevices
  readonly attempts: StepDeps['attempts']
  readonly passwords: StepDeps['passwords']
  readonly passkeys: StepDeps['passkeys']
  readonly totp: StepDeps['totp']
  readonly recoveryCodes: StepDeps['recoveryCodes']
  readonly passwordReset: StepDeps['passwordReset']
  readonly registration: Registration
  readonly emailVerifications: EmailVerifications
  readonly identityCodes: IdentityCodes
  readonly upstreamSignIn: UpstreamSignIn
  readonly writeBudget: WriteBudget
  readonly resources: StepDeps['resources']
  readonly accounts: StepDeps['accounts']
  readonly audit: StepDeps['audit']
  readonly settings: StepDeps['settings']
  readonly csrf: Csrf
  readonly clock: Clock
  readonly lostFactors: Pick<LostFactors, 'cancel'>
  readonly notifyPasswordChanged: StepDeps['notifyPasswordChanged']
  readonly notifyNewBrowser: NotifyNewBrowser
}

const OURS = /^\/(?:(?:interaction|upstream)\/|device$)/

/**
 * Middleware that answers `/interaction/`, `/device` and `/upstream/` and passes everything else on. Afterwards it
 * redirects sign-outs that need no question, or that continue at an upstream provider, and signs the person out of apps
 * by frames.
 */
export function createInteractions(deps: InteractionsDeps): Middleware {
  const paths = interactionPaths(deps.issuer)
  const deviceCookie = createDeviceCookie({ issuer: deps.issuer, devices: deps.knownDevices })
  const proofs = createProofs({ ...deps, paths, deviceCookie })
  const signOut = createUpstreamSignOut(deps)
  const stepDeps: StepDeps = { ...deps, paths, deviceCookie, proofs, signOut }
  const steps = createSteps(stepDeps)
  const router = new Router()
  router.use(withoutDeadEnds)

  async function questionOf(interaction: OpenInteraction): Promise<Question> {
    const { prompt, createsAccount } = interaction
    if (prompt !== 'login') return { wants: { kind: prompt }, accountId: interaction.accountId, createsAccount }
    const { next, accountId } = await proofs.state(interaction)
    return { wants: next, accountId, createsAccount }
  }

  router.get('/interaction/:uid', async (ctx) => {
    const interaction = await openInteraction(stepDeps, ctx)
    const question = await questionOf(interaction)
    await steps.find((step) => step.asks?.(question) === true)?.show?.(ctx, interaction, question)
  })
  for (const { path, get, post } of steps.flatMap(({ routes }) => routes)) {
    if (get) router.get(`/interaction/:uid/${path}`, get)
    if (post) router.post(`/interaction/:uid/${path}`, post)
  }
  for (const path of [UPSTREAM_CALLBACK_PATH, `${UPSTREAM_CALLBACK_PATH}/:upstream`]) {
    router.get(path, (ctx) => upstreamCallback(stepDeps, ctx))
    router.post(path, (ctx) => upstreamFormAnswer(stepDeps, ctx))
  }
  const deviceCode = createDeviceCodePage(stepDeps)
  router.get(DEVICE_PATH, deviceCode.get)
  router.post(DEVICE_PATH, deviceCode.post)
  router.get(UPSTREAM_SIGNED_OUT_PATH, (ctx) => signOut.back(ctx))
  // reloading a page that answered a form, or typing its URL, leads back to the question
  router.get(`/interaction/:uid/:step`, (ctx) => paths.backToQuestion(ctx, ctx.params['uid'] ?? ''))

  const routes = router.routes()
  return async (ctx, next) => {
    // checking the path is cheaper than the router, and most requests are for other rooms
    await (OURS.test(ctx.path) ? routes(ctx as never, next) : next())
    await leadOnFromSignOut(ctx)
    await signOut.leadOn(ctx)
    await loadLogoutFrames(ctx, deps.frontChannel)
  }
}
