/** Collects what sign-in methods add to a page of a sign-in: buttons, links and forms. */
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Offer, OfferView, SignInMethod } from '#sign-in/sign-in-method.ts'
import type { StepView } from '../send-step.ts'
import { bindingOf, type StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

/** Returns the methods' parts of the page, in the order of the registry. */
export async function offersOf(
  { paths }: StepDeps,
  interaction: OpenInteraction,
  { methods, ...view }: StepView & { readonly methods: readonly SignInMethod[]; readonly kind: OfferView['kind'] },
): Promise<readonly Offer[]> {
  const offerView: OfferView = {
    ...view,
    binding: bindingOf(interaction),
    pathOf: (step) => paths.form(interaction.uid, step),
    continueWith: TEXTS[view.language].upstream.go,
  }
  return (await Promise.all(methods.map(async (method) => (await method.offers?.(offerView)) ?? []))).flat()
}

/** Returns what the page's content security policy must allow for the offers. */
export function policyOf(offers: readonly Offer[]): ContentSecurityPolicy {
  return Object.assign({}, ...offers.map(({ policy }) => policy)) as ContentSecurityPolicy
}
