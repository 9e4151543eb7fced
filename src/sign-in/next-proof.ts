/** Decides which proof a sign-in needs next, from its proofs so far, the request and the account. Pure. */
import { meets } from './assurance.ts'
import type { Enrolment } from './enrolment-store.ts'
import type { MethodRegistry } from './registry.ts'
import type { MethodTraits } from './sign-in-method.ts'

/**
 * The next proof. `identity`: the account is not known yet. `second`: the account must be proven by one more of
 * `methods`. `replace`: the person must replace a credential that somebody else chose. `unmet`: the account cannot
 * reach the requested class.
 */
export type NextProof =
  | { readonly kind: 'identity' | 'done' | 'unmet' }
  | { readonly kind: 'second'; readonly methods: readonly string[] }
  | { readonly kind: 'replace'; readonly method: string }

/** Returns the next proof. `asked` holds the `acr_values`. A second factor that is set up is needed each time. */
export function nextProof(
  registry: MethodRegistry<MethodTraits>,
  state: { readonly amr: readonly string[]; readonly asked: readonly string[]; readonly enrolled: Enrolment },
): NextProof {
  const { amr, asked, enrolled } = state
  const kinds = registry.kindsOf(amr)
  const isSeveral = registry.isSeveral(amr)
  if (kinds.size === 0 && !isSeveral) return { kind: 'identity' }
  const second = (when: MethodTraits['second']) =>
    registry.methods.filter((method) => method.second === when && enrolled.methods.includes(method.name))

  const always = second('always').filter((method) => method.kinds.some((kind) => !kinds.has(kind)))
  if (!isSeveral && always.length > 0) return { kind: 'second', methods: namesOf([...always, ...second('instead')]) }
  // ASVS 6.4.1: an initial password that somebody else knows can only be used to set another one
  const replaced = registry.provenBy(amr).find(({ name }) => enrolled.mustReplace.includes(name))
  if (replaced) return { kind: 'replace', method: replaced.name }
  if (meets(registry.acrOf(amr), asked)) return { kind: 'done' }
  const stronger = second('asked').filter(({ name, amr: shown }) =>
    meets(registry.acrOf(registry.joined(amr, { method: name, amr: shown.always })), asked),
  )
  return stronger.length > 0 ? { kind: 'second', methods: namesOf(stronger) } : { kind: 'unmet' }
}

function namesOf(methods: readonly MethodTraits[]): string[] {
  return methods.map(({ name }) => name)
}
