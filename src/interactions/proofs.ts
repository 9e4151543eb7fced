/** Tracks what a person has proven in an interaction, and decides what follows from the next proof. */
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import { deviceOf, nameOfDevice } from '#http/device.ts'
import { UPSTREAM } from '#federation/method.ts'
import type { Clock } from '#shared/clock.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { InteractionGateway, OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Enrolments } from '#sign-in/enrolment-store.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import type { Proof } from '#sign-in/sign-in-method.ts'
import { type NextProof, nextProof } from '#sign-in/next-proof.ts'
import type { NotifyNewBrowser } from '#sign-in/new-browser.ts'
import type { SignInProgress } from '#sign-in/progress-store.ts'
import type { LostFactors } from '#sign-in/lost-factor/lost-factors.ts'
import { isSecondFactor, MAIL_CODE, type ProofTimes } from '#sign-in/proof-times.ts'
import type { DeviceCookie } from './device-cookie.ts'
import { anonymous, type InteractionPaths } from './paths.ts'

export interface ProofState {
  readonly next: NextProof
  /** Undefined until a proof identifies the account. */
  readonly accountId: string | undefined
  readonly amr: readonly string[]
}

export interface Proofs {
  state(interaction: OpenInteraction): Promise<ProofState>
  /** Adds a code from a mail to the proofs so far of the same account. Answers with a redirect (303). */
  takeMailCode(ctx: Context, interaction: OpenInteraction, account: Account): Promise<void>
  /** Adds a proof, then signs the person in or returns to the next question. Answers with a redirect (303). */
  take(ctx: Context, interaction: OpenInteraction, proof: Proof): Promise<void>
  /** Deletes the proofs so far, so that another person can start. */
  forget(interaction: OpenInteraction): Promise<void>
}

export interface ProofsDeps {
  readonly gateway: Pick<InteractionGateway, 'signedIn'>
  readonly paths: Pick<InteractionPaths, 'backToQuestion'>
  readonly deviceCookie: Pick<DeviceCookie, 'isKnown' | 'remember'>
  readonly notifyNewBrowser: NotifyNewBrowser
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'acceptOffer'>
  readonly methods: MethodRegistry
  readonly enrolments: Enrolments
  readonly progress: SignInProgress
  readonly clock: Clock
  readonly lostFactors: Pick<LostFactors, 'cancel'>
}

interface ShownBefore {
  readonly accountId: string | undefined
  readonly amr: readonly string[]
  /** When they were proven in this interaction. */
  readonly provenAt: ProofTimes
  /** Whether it is stored for this interaction. */
  readonly begun: boolean
}

const NOTHING: ShownBefore = { accountId: undefined, amr: [], provenAt: {}, begun: false }

interface Shown extends Pick<ShownBefore, 'amr' | 'provenAt' | 'begun'> {
  readonly account: Account
}

export function createProofs(deps: ProofsDeps): Proofs {
  const { clock, enrolments, methods, progress } = deps
  const now = () => Math.floor(clock.now().getTime() / 1000)

  async function next(interaction: OpenInteraction, accountId: string, shown: Pick<ShownBefore, 'amr' | 'provenAt'>) {
    const { asked, needsRecent } = interaction
    const isStale = needsRecent && Object.keys(shown.provenAt).length === 0
    return nextProof(methods, { amr: shown.amr, asked, isStale, enrolled: await enrolments.of(accountId) })
  }

  /** Returns the earlier proofs: of this interaction, or of the session that needs step-up. */
  async function shownBefore({ uid, proven, accountId }: OpenInteraction): Promise<ShownBefore> {
    const begun = await progress.find(uid)
    if (begun) return { ...begun, begun: true }
    return proven.length === 0 ? NOTHING : { accountId, amr: proven, provenAt: {}, begun: false }
  }

  /** Signs the person in if nothing is missing; otherwise stores the proofs and returns to the question. */
  async function goOn(ctx: Context, interaction: OpenInteraction, shown: Shown): Promise<void> {
    const { account, amr, provenAt, begun } = shown
    if ((await next(interaction, account.id, shown)).kind === 'done') {
      if (begun) await progress.end(interaction.uid)
      return signIn(deps, ctx, interaction, { ...shown, at: now() })
    }
    await progress.put(interaction.uid, { accountId: account.id, amr, provenAt })
    deps.paths.backToQuestion(ctx, interaction.uid)
  }

  return {
    async state(interaction) {
      const { accountId, ...shown } = await shownBefore(interaction)
      if (accountId === undefined) return { next: { kind: 'identity' }, accountId, amr: [] }
      return { next: await next(interaction, accountId, shown), accountId, amr: shown.amr }
    },
    async take(ctx, interaction, proof) {
      const { account, method, provenAt: at = now() } = proof
      const before = await shownBefore(interaction)
      // proofs of different accounts are not combined
      const { amr, provenAt } = before.accountId === account.id ? before : NOTHING
      await goOn(ctx, interaction, {
        account,
        amr: methods.joined(amr, proof),
        provenAt: at === 'unknown' ? provenAt : { ...provenAt, [method]: at },
        begun: before.begun,
      })
    },
    async takeMailCode(ctx, interaction, account) {
      const { accountId, amr, provenAt, begun } = await shownBefore(interaction)
      if (accountId !== account.id) return deps.paths.backToQuestion(ctx, interaction.uid)
      await goOn(ctx, interaction, { account, amr, provenAt: { ...provenAt, [MAIL_CODE]: now() }, begun })
    },
    async forget({ uid }) {
      await progress.end(uid)
    },
  }
}

async function signIn(
  { deviceCookie, lostFactors, notifyNewBrowser, upstreamSignIn, gateway, methods }: ProofsDeps,
  ctx: Context,
  { uid }: OpenInteraction,
  { account, amr, provenAt, at }: Shown & { readonly at: number },
): Promise<void> {
  // a proof made here accepts the pending offer to link the person's upstream identity to this account
  if (Object.keys(provenAt).some((name) => name !== UPSTREAM.name && name !== MAIL_CODE)) {
    await upstreamSignIn.acceptOffer({ uid, account, amr }, anonymous(ctx))
  }
  // what has just been used is not lost
  if (methods.methods.some((method) => method.name in provenAt && isSecondFactor(method))) {
    await lostFactors.cancel(account.id, { ...anonymous(ctx), actor: { kind: 'account', id: account.id } })
  }
  if (!deviceCookie.isKnown(ctx, account.id)) {
    await notifyNewBrowser(account, anonymous(ctx), nameOfDevice(deviceOf(ctx.get('user-agent'))))
  }
  deviceCookie.remember(ctx, account.id)
  await gateway.signedIn(ctx, { accountId: account.id, amr, acr: methods.acrOf(amr), at, provenAt })
}
