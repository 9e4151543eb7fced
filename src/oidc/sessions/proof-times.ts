/** Keeps in the session when the person proved each sign-in method, and reads it. */
import type { InteractionResults, KoaContextWithOIDC, Session } from 'oidc-provider'
import type { ProofTimes } from '#sign-in/proof-times.ts'

/** The member of an interaction's result that holds the times of its proofs. */
const RESULT = 'provenAt'

export function resultOfProofs(provenAt: ProofTimes): InteractionResults {
  return { [RESULT]: provenAt }
}

/** Adds the times of a sign-in that was just completed to those of the session, which is saved with the answer. */
export function keepProofs({ oidc }: KoaContextWithOIDC): void {
  const { result, session } = oidc
  const added = result?.[RESULT] as ProofTimes | undefined
  if (!session || !added || !result?.login) return
  addProofs(session, added)
}

/** Adds times to those of the session, which the caller saves. */
export function addProofs(session: Session, added: ProofTimes): void {
  Object.assign(session, { provenAt: { ...provenAtOf(session), ...added } })
}

/** Whether the session keeps such times, and none of them is within the last `seconds`. */
export function isProvenBefore(session: Session, seconds: number): boolean {
  const { provenAt } = session as unknown as { provenAt?: ProofTimes }
  const now = Math.floor(Date.now() / 1000)
  return provenAt !== undefined && Object.values(provenAt).every((at) => now - at > seconds)
}

/** Returns the times; none for a session that began before they were kept. */
export function provenAtOf(session: Session): ProofTimes {
  return (session as unknown as { provenAt?: ProofTimes }).provenAt ?? {}
}
