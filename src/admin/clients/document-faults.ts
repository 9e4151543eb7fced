/** Collects all faults of a client's document at once, although the room checks it in two steps. */
import type { Client } from '#clients/client.ts'
import { metadataToInput } from '#clients/document.ts'
import type { Offers } from '#clients/profiles.ts'
import { validateClient } from '#clients/validation.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { AppError, type Fault } from '#shared/app-error.ts'
import { roomFaults } from '../faults.ts'
import { without } from '../read-only.ts'
import { ADMIN_SCOPES } from '../scopes.ts'

export interface DocumentFaultsDeps {
  readonly resources: Pick<Resources, 'find'>
  readonly adminResource: string
  readonly offers: Offers
  readonly settings: Pick<Settings, 'current'>
}

/**
 * Returns the faults of members that cannot be set, together with those of all other members. Returns none when all
 * members can be set, since the room then checks the values when it writes them.
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
      {
        findResource,
        allowHttpJwksUri: () => true,
        offers: deps.offers,
        selfRegisteredSchemes: () => deps.settings.current().client_registration.schemes,
      },
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
