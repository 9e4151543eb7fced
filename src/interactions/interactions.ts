/** The pages of sign-in and consent: `/interaction/:uid`, and below it where their forms are sent. */
import Router from '@koa/router'
import type { Middleware } from 'koa'
import { UPSTREAM_CALLBACK_PATH, UPSTREAM_SIGNED_OUT_PATH } from '#federation/federation.ts'
import type { KnownDevices } from '#sign-in/known-devices.ts'
import { type ChangeStepDeps, createChangeStep } from './change-password/step.ts'
import { createCodeStep } from './code/step.ts'
import { createConsentStep } from './consent/step.ts'
import { createDeviceCookie } from './device-cookie.ts'
import { STEPS } from './flow.ts'
import { withoutDeadEnds } from './lost/lost.ts'
import { leadOnFromSignOut } from './sign-out/already.ts'
import { createMailStep, type MailStepDeps } from './mail/step.ts'
import { createPasskeyStep } from './passkey/step.ts'
import { createProofs, type ProofsDeps } from './proofs.ts'
import { createSignInStep } from './sign-in/step.ts'
import { createUnmetStep } from './unmet/step.ts'
import { createUpstreamSignOut } from './sign-out/upstream.ts'
import { createUpstreamStep, type UpstreamStep } from './upstream/step.ts'
import { interactionPaths, openInteraction, type StepDeps } from './step.ts'

export interface InteractionsDeps
  extends
    Omit<MailStepDeps, 'paths' | 'deviceCookie' | 'proofs'>,
    Pick<ProofsDeps, 'progress' | 'enrolments'>,
    Pick<ChangeStepDeps, 'tellOfPassword'> {
  /** The issuer identifier: the forms' addresses start with its path. */
  readonly issuer: string
  readonly devices: KnownDevices
}

/** Middleware that answers what lies under `/interaction/` and passes everything else on. A sign-out that asks nothing leads on. */
export function createInteractions(deps: InteractionsDeps): Middleware {
  const paths = interactionPaths(deps.issuer)
  const stepDeps: StepDeps = { ...deps, paths, deviceCookie: createDeviceCookie(deps) }
  const proofs = createProofs({ ...deps, ...stepDeps })
  const signOut = createUpstreamSignOut(deps)
  const upstream = createUpstreamStep({ ...stepDeps, signOut }, proofs)
  const signIn = createSignInStep({ ...stepDeps, leadOn: upstream.leadOn }, proofs)
  const passkey = createPasskeyStep({ ...stepDeps, proofs, ask: signIn.show })
  const code = createCodeStep(stepDeps, proofs)
  const unmet = createUnmetStep(stepDeps, proofs)
  const change = createChangeStep({ ...deps, ...stepDeps, proofs })
  const consent = createConsentStep(stepDeps)
  const router = new Router()
  router.use(withoutDeadEnds)

  router.get('/interaction/:uid', async (ctx) => {
    const interaction = await openInteraction(stepDeps, ctx)
    if (interaction.prompt === 'consent') return consent.show(ctx, interaction)
    const { next, accountSub } = await proofs.state(interaction)
    if (accountSub === undefined) return signIn.show(ctx, interaction)
    if (next === 'more') return code.show(ctx, interaction, accountSub)
    if (next === 'password') return change.show(ctx, interaction, accountSub)
    if (next === 'unmet') return unmet.show(ctx, interaction, accountSub)
    await signIn.show(ctx, interaction, { passkeyOf: accountSub })
  })
  router.post(`/interaction/:uid/${STEPS.login}`, (ctx) => signIn.answer(ctx))
  router.post(`/interaction/:uid/${STEPS.passkey}`, (ctx) => passkey.answer(ctx))
  router.get(`/interaction/:uid/${STEPS.passkey}/options`, (ctx) => passkey.renew(ctx))
  router.post(`/interaction/:uid/${STEPS.code}`, (ctx) => code.answer(ctx))
  router.post(`/interaction/:uid/${STEPS.restart}`, (ctx) => code.restart(ctx))
  router.post(`/interaction/:uid/${STEPS.change}`, (ctx) => change.answer(ctx))
  router.post(`/interaction/:uid/${STEPS.unmet}`, (ctx) => unmet.answer(ctx))
  router.post(`/interaction/:uid/${STEPS.consent}`, (ctx) => consent.answer(ctx))
  router.post(`/interaction/:uid/${STEPS.cancel}`, (ctx) => signIn.cancel(ctx))
  addUpstreamRoutes(router, upstream)
  router.get(UPSTREAM_SIGNED_OUT_PATH, (ctx) => signOut.back(ctx))
  addMailRoutes(router, { ...deps, ...stepDeps, proofs })
  // A page that answered a form is loaded again, or its address typed: back to the question itself.
  router.get(`/interaction/:uid/:step`, (ctx) => paths.backToQuestion(ctx, ctx.params['uid'] ?? ''))

  const routes = router.routes()
  return async (ctx, next) => {
    // the router costs more than a look at the path, and most requests are not for it
    await (/^\/(?:interaction|upstream)\//.test(ctx.path) ? routes(ctx as never, next) : next())
    await leadOnFromSignOut(ctx)
    await signOut.leadOn(ctx)
  }
}

function addUpstreamRoutes(router: Router, upstream: UpstreamStep): void {
  router.get(UPSTREAM_CALLBACK_PATH, (ctx) => upstream.callback(ctx))
  router.get(`/interaction/:uid/${STEPS.upstream}`, (ctx) => upstream.finish(ctx))
  router.post(`/interaction/:uid/${STEPS.upstream}`, (ctx) => upstream.decline(ctx))
  router.get(`/interaction/:uid/${STEPS.upstream}/:upstream`, (ctx) => upstream.begin(ctx))
}

function addMailRoutes(router: Router, deps: MailStepDeps): void {
  for (const purpose of ['reset', 'register'] as const) {
    const mail = createMailStep(deps, purpose)
    router.get(`/interaction/:uid/${STEPS[purpose]}`, (ctx) => mail.show(ctx))
    router.post(`/interaction/:uid/${STEPS[purpose]}`, (ctx) => mail.address(ctx))
    router.post(`/interaction/:uid/${STEPS[`${purpose}Code`]}`, (ctx) => mail.code(ctx))
    router.post(`/interaction/:uid/${STEPS[`${purpose}Last`]}`, (ctx) => mail.last(ctx))
    for (const step of ['Code', 'Last'] as const) {
      router.get(`/interaction/:uid/${STEPS[`${purpose}${step}`]}`, (ctx) => mail.show(ctx))
    }
  }
}
