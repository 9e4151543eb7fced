/** Creates the services of clients, their published keys, and the resources they may ask for. */
import type { AuditContext } from '#audit/audit.ts'
import { administrationOf, builtInAdminResource } from '#admin/scopes.ts'
import { type ClientsDeps, createClients, type ManagedClients } from '#clients/clients.ts'
import { createClientDocuments } from '#clients/documents/documents.ts'
import type { Config } from '#config/config.ts'
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
  'db' | 'notifications' | 'audit' | 'clock' | 'fetch' | 'endings' | 'settings' | 'signingKeys' | 'writeBudget'
>

export interface RegistrationRules {
  readonly issuer: string
  readonly mtls: Config['mtls']
  readonly grants: readonly Grant[]
  /** Whether plain http to a host is allowed. */
  readonly allowHttp: (host: string) => boolean
}

export type Registrations = ReturnType<typeof createRegistrations>

/** Creates clients and resources together: allowances of clients name resources, and a removed resource leaves them. */
export function createRegistrations(
  foundations: RegistrationFoundations,
  { issuer, mtls, grants, allowHttp }: RegistrationRules,
) {
  const { db, notifications, audit, clock, fetch, endings, settings, signingKeys } = foundations
  const offers = offersOf(grants, mtls)
  const adminResource = builtInAdminResource(issuer)
  const shared = { db, notifications, audit, clock }
  const rules = {
    ...shared,
    fetch,
    allowHttpJwksUri: allowHttp,
    prepareSigningAlg: async (alg: string, by: AuditContext) => {
      if (alg === 'PS256') await signingKeys.add(alg, by)
    },
    onRemove: (trx: Queryable, id: string) => endClientAccess(endings, trx, id),
    administration: administrationOf(issuer),
    offers,
    selfRegisteredSchemes: () => settings.current().client_registration.schemes,
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
  return {
    clients,
    resources,
    clientKeys,
    adminResource,
    offers,
    ...createUnregistered(foundations, { issuer, allowHttp, rules, clients, resources }),
  }
}

interface Unregistered extends Pick<RegistrationRules, 'issuer' | 'allowHttp'> {
  readonly rules: ClientsDeps
  readonly clients: ManagedClients
  readonly resources: Pick<Resources, 'open'>
}

/** Creates what finds and makes clients without an administrator: their documents, and registration by themselves. */
function createUnregistered(
  { clock, fetch, settings, writeBudget }: RegistrationFoundations,
  { issuer, allowHttp, rules, clients, resources }: Unregistered,
) {
  const registration = () => settings.current().client_registration
  const ofRegistration = { ...rules, registration, forget: clients.forget }
  const trusted = () => registration().software_statement_issuers
  const statements = createSoftwareStatements({ issuer, fetch, clock, trusted })
  return {
    documents: createClientDocuments({
      ...rules,
      clients,
      writeBudget,
      allowHttp,
      rules: () => settings.current().client_documents,
      openResources: resources.open,
    }),
    registration: createRegistration({ ...ofRegistration, statements }),
    registeredClients: createCollection({ ...ofRegistration, inUse: clientsInUse }),
    initialAccessTokens: createInitialAccessTokens(rules),
  }
}
