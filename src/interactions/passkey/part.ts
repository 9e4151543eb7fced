/** What a page of an interaction shows of passkeys. */
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { passkeySignIn, type ScriptedPart } from '#sign-in/passkey/parts.ts'
import type { StepView } from '../send-step.ts'
import type { StepDeps } from '../step.ts'

/** The button and the script for a page of this interaction. */
export function passkeyPart(
  deps: StepDeps,
  interaction: OpenInteraction,
  look: StepView & { readonly kind: 'primary' | 'secondary' },
): ScriptedPart {
  const action = deps.paths.form(interaction.uid, 'passkey')
  return passkeySignIn({
    ...look,
    action,
    options: deps.passkeys.options(bindingOf(interaction)),
    renewPath: `${action}/options`,
  })
}

/** A challenge is for one interaction: an answer that was stolen finishes no other. */
export function bindingOf({ uid }: OpenInteraction): string {
  return `interaction ${uid}`
}
