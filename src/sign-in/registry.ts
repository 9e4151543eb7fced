/** The registry of sign-in methods: maps `amr` values to methods, kinds of proof and `acr`. */
import type { Acr } from '#resource-server/acr.ts'
import type { FactorKind, MethodTraits, SignInMethod } from './sign-in-method.ts'

/** RFC 8176 §2: two proofs of different kinds. */
const SEVERAL = 'mfa'

export interface MethodRegistry<Method extends MethodTraits = SignInMethod> {
  readonly methods: readonly Method[]
  /** Throws TypeError for a name that no row has. */
  named(name: string): Method
  /** Returns the methods that may have produced the values. */
  provenBy(amr: readonly string[]): readonly Method[]
  /** Returns the kinds of proof behind the values; empty if they are not known. */
  kindsOf(amr: readonly string[]): ReadonlySet<FactorKind>
  isSeveral(amr: readonly string[]): boolean
  /** Returns the values after one more proof. Only proofs of different kinds add `mfa` (NIST SP 800-63B-4 §2.2). */
  joined(before: readonly string[], proof: { readonly method: string; readonly amr: readonly string[] }): string[]
  /** Returns the `acr` that the proofs reach. */
  acrOf(amr: readonly string[]): Acr
  /** The values that only a proof made here may have. */
  readonly reserved: ReadonlySet<string>
}

/** Throws TypeError for duplicate names, and for methods of different kinds whose `amr` cannot be told apart. */
export function createMethodRegistry<Method extends MethodTraits>(methods: readonly Method[]): MethodRegistry<Method> {
  checkRows(methods)

  const provenBy = (amr: readonly string[]) => methods.filter((method) => includesAll(amr, method.amr.always))
  const isSeveral = (amr: readonly string[]) => amr.includes(SEVERAL)

  function kindsOf(amr: readonly string[]): Set<FactorKind> {
    const proven = provenBy(amr)
    // without `mfa`, all proofs are of the same kind, and the values identify the first one
    return new Set((isSeveral(amr) ? proven : proven.filter(({ first }) => first)).flatMap(({ kinds }) => kinds))
  }

  function named(name: string): Method {
    const method = methods.find((one) => one.name === name)
    if (!method) throw new TypeError(`there is no sign-in method ${name}`)
    return method
  }

  return {
    methods,
    named,
    provenBy,
    kindsOf,
    isSeveral,
    joined(before, proof) {
      const kinds = new Set([...kindsOf(before), ...named(proof.method).kinds])
      return [...new Set([...before, ...proof.amr, ...(kinds.size > 1 ? [SEVERAL] : [])])]
    },
    acrOf(amr) {
      if (provenBy(amr).some(({ phishingResistant, kinds }) => phishingResistant && kinds.length > 1)) {
        return 'urn:signet:acr:passkey'
      }
      return isSeveral(amr) ? 'urn:signet:acr:mfa' : 'urn:signet:acr:password'
    },
    reserved: new Set([SEVERAL, ...methods.flatMap(({ amr }) => [...amr.always, ...(amr.sometimes ?? [])])]),
  }
}

function checkRows(methods: readonly MethodTraits[]): void {
  for (const [at, one] of methods.entries()) {
    for (const other of methods.slice(at + 1)) {
      if (one.name === other.name) throw new TypeError(`two sign-in methods are called ${one.name}`)
      const isAlike = includesAll(one.amr.always, other.amr.always) || includesAll(other.amr.always, one.amr.always)
      const areOneKind = one.kinds.length === other.kinds.length && includesAll(one.kinds, other.kinds)
      if (one.first && other.first && isAlike && !areOneKind) {
        throw new TypeError(`the amr of ${one.name} and ${other.name} must differ, as they prove different kinds`)
      }
    }
  }
}

function includesAll(all: readonly string[], some: readonly string[]): boolean {
  return some.every((value) => all.includes(value))
}
