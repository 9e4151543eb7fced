/** Tracks what a person has proven in an interaction, and decides what follows from the next proof. */
import type { Context } from 'koa'
import { UPSTREAM } from '#federation/method.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { InteractionGateway, OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Enrolments } from '#sign-in/enrolment-store.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import type { Proof } from '#sign-in/sign-in-method.ts'
import { type NextProof, nextProof } from '#sign-in/next-proof.ts'
import type { SignInProgress } from '#sign-in/progress-store.ts'
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
  /** Adds a proof, then signs the person in or returns to the next question. Answers with a redirect (303). */
  take(ctx: Context, interaction: OpenInteraction, proof: Proof): Promise<void>
  /** Deletes the proofs so far, so that another person can start. */
  forget(interaction: OpenInteraction): Promise<void>
}

export interface ProofsDeps {
  readonly gateway: Pick<InteractionGateway, 'signedIn'>
  readonly paths: Pick<InteractionPaths, 'backToQuestion'>
  readonly deviceCookie: Pick<DeviceCookie, 'remember'>
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'acceptOffer'>
  readonly methods: MethodRegistry
  readonly enrolments: Enrolments
  readonly progress: SignInProgress
}

interface ShownBefore {
  readonly accountId: string | undefined
  readonly amr: readonly string[]
  /** Whether it is stored for this interaction. */
  readonly begun: boolean
}

const NOTHING: ShownBefore = { accountId: undefined, amr: [], begun: false }

export function createProofs(deps: ProofsDeps): Proofs {
  const { deviceCookie, enrolments, upstreamSignIn, gateway, methods, paths, progress } = deps

  async function next(asked: readonly string[], accountId: string, amr: readonly string[]): Promise<NextProof> {
    return nextProof(methods, { amr, asked, enrolled: await enrolments.of(accountId) })
  }

  /** Returns the earlier proofs: of this interaction, or of the session that needs step-up. */
  async function shownBefore({ uid, proven, accountId }: OpenInteraction): Promise<ShownBefore> {
    const begun = await progress.find(uid)
    if (begun) return { ...begun, begun: true }
    return proven.length === 0 ? NOTHING : { accountId, amr: proven, begun: false }
  }

  return {
    async state(interaction) {
      const { accountId, amr } = await shownBefore(interaction)
      if (accountId === undefined) return { next: { kind: 'identity' }, accountId, amr: [] }
      return { next: await next(interaction.asked, accountId, amr), accountId, amr }
    },
    async take(ctx, interaction, proof) {
      const { account } = proof
      const before = await shownBefore(interaction)
      // proofs of different accounts are not combined
      const amr = methods.joined(before.accountId === account.id ? before.amr : [], proof)
      if ((await next(interaction.asked, account.id, amr)).kind === 'done') {
        if (before.begun) await progress.end(interaction.uid)
        // a proof made here accepts the pending offer to link the person's upstream identity to this account
        if (proof.method !== UPSTREAM.name) {
          await upstreamSignIn.acceptOffer({ uid: interaction.uid, account, amr }, anonymous(ctx))
        }
        deviceCookie.remember(ctx, account.id)
        return gateway.signedIn(ctx, { accountId: account.id, amr, acr: methods.acrOf(amr) })
      }
      await progress.put(interaction.uid, { accountId: account.id, amr })
      paths.backToQuestion(ctx, interaction.uid)
    },
    async forget({ uid }) {
      await progress.end(uid)
    },
  }
}
