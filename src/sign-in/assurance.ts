/** Compares the assurance class (`acr`) of a sign-in with what a client asks for. */
import { ACR_VALUES, reaches } from '#resource-server/acr.ts'

/**
 * Returns whether `acr` is at least as strong as one of the requested classes (`acr_values`). Unknown values are
 * ignored, because the parameter is only a preference (OpenID Connect Core §3.1.2.1).
 */
export function meets(acr: string | undefined, asked: readonly string[]): boolean {
  return !ACR_VALUES.some((value) => asked.includes(value)) || reaches(acr, asked)
}
