/** What an interaction's person has proven, and what follows from a further proof. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interaction-gateway.ts'
import { acrOf, joined } from '#sign-in/assurance.ts'
import type { LoginMethod, Proof } from '#sign-in/login-method.ts'
import { type NextProof, nextProof } from '#sign-in/next-proof.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { SignInProgress } from '#sign-in/progress-store.ts'
import { anonymous, type StepDeps } from './step.ts'

export interface ProofState {
  readonly next: NextProof
  /** Undefined while nobody is known. */
  readonly accountSub: string | undefined
  readonly amr: readonly string[]
}

export interface Proofs {
  state(interaction: OpenInteraction): Promise<ProofState>
  /** Takes a proof in: signs the person in, or leads back to the question that is left. Answers by 303. */
  take(ctx: Context, interaction: OpenInteraction, proof: Proof): Promise<void>
  /** Forgets what was proven, for somebody else to begin. */
  forget(interaction: OpenInteraction): Promise<void>
}

export interface ProofsDeps extends Pick<StepDeps, 'gateway' | 'paths' | 'deviceCookie' | 'federated'> {
  readonly passwords: Pick<Passwords, 'state'>
  readonly progress: SignInProgress
  /** An authenticator app. */
  readonly totp: Pick<LoginMethod<never>, 'isEnrolled'>
  readonly passkeys: Pick<LoginMethod<never>, 'isEnrolled'>
}

export function createProofs(deps: ProofsDeps): Proofs {
  const { deviceCookie, federated, gateway, paths, passwords, progress, totp, passkeys } = deps

  async function next(asked: readonly string[], accountSub: string, amr: readonly string[]): Promise<NextProof> {
    const [more, passkey, password] = await Promise.all([
      totp.isEnrolled(accountSub),
      passkeys.isEnrolled(accountSub),
      passwords.state(accountSub),
    ])
    return nextProof({ amr, asked, enrolled: { more, passkey }, mustChange: password?.mustChange ?? false })
  }

  async function state({ uid, asked, proven, accountSub }: OpenInteraction): Promise<ProofState> {
    const begun = await progress.find(uid)
    if (begun) return { ...begun, next: await next(asked, begun.accountSub, begun.amr) }
    if (accountSub === undefined || proven.length === 0) return { next: 'identity', accountSub: undefined, amr: [] }
    return { next: await next(asked, accountSub, proven), accountSub, amr: proven }
  }

  return {
    state,
    async take(ctx, interaction, { account, amr: shown }) {
      const before = await state(interaction)
      // another person's proof adds nothing to what was proven about the one before
      const amr = before.accountSub === account.sub ? joined(before.amr, shown) : joined([], shown)
      if ((await next(interaction.asked, account.sub, amr)) === 'done') {
        await progress.end(interaction.uid)
        // whom a provider vouched for is linked by a proof of this account that was made here
        if (!shown.includes('fed')) await federated.acceptOffer({ uid: interaction.uid, account, amr }, anonymous(ctx))
        deviceCookie.remember(ctx, account.sub)
        return gateway.signedIn(ctx, { accountSub: account.sub, amr, acr: acrOf(amr) })
      }
      await progress.put(interaction.uid, { accountSub: account.sub, amr })
      paths.backToQuestion(ctx, interaction.uid)
    },
    async forget({ uid }) {
      await progress.end(uid)
    },
  }
}
