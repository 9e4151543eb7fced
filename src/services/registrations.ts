/** Creates the services of clients, their published keys, and the resources they may ask for. */
import { administrationOf, builtInAdminResource } from '#admin/scopes.ts'
import { createClients } from '#clients/clients.ts'
import { createClientKeys } from '#clients/managed-keys.ts'
import { endClientAccess } from '#oidc/sessions/account-access.ts'
import type { Grant } from '#oidc/grants/grant.ts'
import { offersOf } from '#oidc/offers.ts'
import type { Resources } from '#resources/resource.ts'
import { createResources } from '#resources/resources.ts'
import type { Foundations } from './foundations.ts'

type RegistrationFoundations = Pick<
  Foundations,
  'db' | 'notifications' | 'audit' | 'clock' | 'fetch' | 'endings' | 'signingKeys'
>

export interface RegistrationRules {
  readonly issuer: string
  readonly grants: readonly Grant[]
  /** Whether plain http to a host is allowed. */
  readonly allowHttp: (host: string) => boolean
}

export type Registrations = ReturnType<typeof createRegistrations>

/** Creates clients and resources together: allowances of clients name resources, and a removed resource leaves them. */
export function createRegistrations(
  { db, notifications, audit, clock, fetch, endings, signingKeys }: RegistrationFoundations,
  { issuer, grants, allowHttp }: RegistrationRules,
) {
  const offers = offersOf(grants)
  const adminResource = builtInAdminResource(issuer)
  const clients = createClients({
    db,
    notifications,
    audit,
    clock,
    allowHttpJwksUri: allowHttp,
    prepareIdTokenAlg: async (alg, by) => {
      if (alg === 'PS256') await signingKeys.add(alg, by)
    },
    onRemove: (trx, id) => endClientAccess(endings, trx, id),
    administration: administrationOf(issuer),
    offers,
    findResource: async (identifier) =>
      identifier === adminResource.identifier
        ? adminResource
        : ((await resources.read(identifier)) ?? resources.find(identifier)),
  })
  const resources: Resources = createResources({
    db,
    notifications,
    audit,
    clock,
    reserved: [adminResource.identifier],
    isClientId: async (id) => (await clients.read(id)) !== undefined,
    onRemove: clients.forgetResource,
  })
  const clientKeys = createClientKeys({ db, notifications, audit, clock, clients, fetch })
  return { clients, resources, clientKeys, adminResource, offers }
}
