/** Creates the services of clients, their published keys, and the resources they may ask for. */
import type { AuditContext } from '#audit/audit.ts'
import { administrationOf, builtInAdminResource } from '#admin/scopes.ts'
import { createClients } from '#clients/clients.ts'
import { createCollection } from '#clients/registration/collection.ts'
import { createRegistration } from '#clients/registration/registrations.ts'
import { createSoftwareStatements } from '#clients/registration/software-statement.ts'
import { createInitialAccessTokens } from '#clients/registration/tokens.ts'
import { createClientKeys } from '#clients/managed-keys.ts'
import type { Queryable } from '#database/database.ts'
import { endClientAccess } from '#oidc/sessions/account-access.ts'
import { clientsInUse } from '#oidc/registration/in-use-store.ts'
import type { Grant } from '#oidc/grants/grant.ts'
import { offersOf } from '#oidc/offers.ts'
import type { Resources } from '#resources/resource.ts'
import { createResources } from '#resources/resources.ts'
import type { Foundations } from './foundations.ts'

type RegistrationFoundations = Pick<
  Foundations,
  'db' | 'notifications' | 'audit' | 'clock' | 'fetch' | 'endings' | 'signingKeys' | 'settings'
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
  { db, notifications, audit, clock, fetch, endings, signingKeys, settings }: RegistrationFoundations,
  { issuer, grants, allowHttp }: RegistrationRules,
) {
  const offers = offersOf(grants)
  const adminResource = builtInAdminResource(issuer)
  const registrationSettings = () => settings.current().client_registration
  const shared = { db, notifications, audit, clock }
  const rules = {
    ...shared,
    fetch,
    allowHttpJwksUri: allowHttp,
    prepareIdTokenAlg: async (alg: string, by: AuditContext) => {
      if (alg === 'PS256') await signingKeys.add(alg, by)
    },
    onRemove: (trx: Queryable, id: string) => endClientAccess(endings, trx, id),
    administration: administrationOf(issuer),
    offers,
    selfRegisteredSchemes: () => registrationSettings().schemes,
    findResource: async (identifier: string) =>
      identifier === adminResource.identifier
        ? adminResource
        : ((await resources.read(identifier)) ?? resources.find(identifier)),
  }
  const clients = createClients(rules)
  const resources: Resources = createResources({
    ...shared,
    reserved: [adminResource.identifier],
    isClientId: async (id) => (await clients.read(id)) !== undefined,
    onRemove: clients.forgetResource,
  })
  const clientKeys = createClientKeys({ ...shared, clients, fetch })
  const ofRegistration = { ...rules, registration: registrationSettings, forget: clients.forget }
  const trusted = () => registrationSettings().software_statement_issuers
  const statements = createSoftwareStatements({ issuer, fetch, clock, trusted })
  return {
    clients,
    resources,
    clientKeys,
    adminResource,
    offers,
    registration: createRegistration({ ...ofRegistration, statements }),
    registeredClients: createCollection({ ...ofRegistration, inUse: clientsInUse }),
    initialAccessTokens: createInitialAccessTokens(rules),
  }
}
