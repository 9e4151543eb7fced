/** Decides which proof a sign-in needs next, from its proofs so far, the request and the account. Pure. */
import { meets } from './assurance.ts'
import type { Enrolment } from './enrolment-store.ts'
import type { MethodRegistry } from './registry.ts'
import type { MethodTraits } from './sign-in-method.ts'

/**
 * The next proof. `identity`: the account is not known yet. `second`: the account must be proven by one more of
 * `methods`. `replace`: the person must replace a credential that somebody else chose. `unmet`: the account cannot
 * reach the requested class. `recent`: nothing shows that the person is here now, so they prove one of `methods`, or a
 * code from a mail if there are none.
 */
export type NextProof =
  | { readonly kind: 'identity' | 'done' | 'unmet' }
  | { readonly kind: 'second' | 'recent'; readonly methods: readonly string[] }
  | { readonly kind: 'replace'; readonly method: string }

/**
 * Returns the next proof. `asked` holds the `acr_values`. A second factor that is set up is needed each time. `isStale`:
 * the request needs a recent proof, and there is none so far.
 */
export function nextProof(
  registry: MethodRegistry<MethodTraits>,
  state: {
    readonly amr: readonly string[]
    readonly asked: readonly string[]
    readonly enrolled: Enrolment
    readonly isStale?: boolean
  },
): NextProof {
  const { amr, asked, enrolled, isStale = false } = state
  const kinds = registry.kindsOf(amr)
  const isSeveral = registry.isSeveral(amr)
  if (kinds.size === 0 && !isSeveral) return { kind: 'identity' }
  const second = (when: MethodTraits['second']) =>
    registry.methods.filter((method) => method.second === when && enrolled.methods.includes(method.name))

  const always = second('always').filter((method) => method.kinds.some((kind) => !kinds.has(kind)))
  if (!isSeveral && always.length > 0) {
    // a method of two kinds counts as a second factor too
    const double = registry.methods.filter(
      (method) => method.kinds.length > 1 && enrolled.methods.includes(method.name),
    )
    return { kind: 'second', methods: namesOf([...always, ...second('instead'), ...double]) }
  }
  // ASVS 6.4.1: an initial password that somebody else knows can only be used to set another one
  const replaced = registry.provenBy(amr).find(({ name }) => enrolled.mustReplace.includes(name))
  if (replaced) return { kind: 'replace', method: replaced.name }
  if (meets(registry.acrOf(amr), asked)) {
    if (!isStale) return { kind: 'done' }
    const local = registry.methods.filter(
      ({ name, first, remote }) => first && !remote && enrolled.methods.includes(name),
    )
    return { kind: 'recent', methods: namesOf(local) }
  }
  const stronger = second('asked').filter(({ name, amr: shown }) =>
    meets(registry.acrOf(registry.joined(amr, { method: name, amr: shown.always })), asked),
  )
  return stronger.length > 0 ? { kind: 'second', methods: namesOf(stronger) } : { kind: 'unmet' }
}

function namesOf(methods: readonly MethodTraits[]): string[] {
  return methods.map(({ name }) => name)
}
