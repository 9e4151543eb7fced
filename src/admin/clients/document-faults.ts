/** What is wrong with a client's document where the room tells it in two steps: all of it at once. */
import type { Client } from '#clients/client.ts'
import { metadataToInput } from '#clients/document.ts'
import type { Offers } from '#clients/profiles.ts'
import { validateClient } from '#clients/validation.ts'
import type { Resources } from '#resources/resource.ts'
import { AppError, type Fault } from '#shared/app-error.ts'
import { roomFaults } from '../faults.ts'
import { without } from '../read-only.ts'
import { ADMIN_SCOPES } from '../scopes.ts'

export interface DocumentFaultsDeps {
  readonly resources: Pick<Resources, 'find'>
  readonly adminResource: string
  readonly offers: Offers
}

/**
 * Faults of members that cannot be set, and then those of all others too. None when every member can be set: then the
 * room judges the values itself when it is asked to write them.
 */
export async function documentFaults(
  deps: DocumentFaultsDeps,
  document: Readonly<Record<string, unknown>>,
  before: Client | undefined,
): Promise<readonly Fault[]> {
  const unchangeable = await roomFaults(() => metadataToInput(document, before))
  if (unchangeable.length === 0) return []
  const rest = without(
    document,
    unchangeable.map(({ field }) => field),
  )
  try {
    const findResource = (identifier: string) => findAllowable(deps, identifier)
    await validateClient(
      { findResource, allowHttpJwksUri: () => true, offers: deps.offers },
      metadataToInput(rest, before),
      before,
    )
    return unchangeable
  } catch (error) {
    if (error instanceof AppError && error.status === 400) return [...unchangeable, ...error.faults]
    throw error
  }
}

async function findAllowable({ resources, adminResource }: DocumentFaultsDeps, identifier: string) {
  if (identifier !== adminResource) return resources.find(identifier)
  return { identifier, scopes: Object.keys(ADMIN_SCOPES).map((name) => ({ name })) }
}
