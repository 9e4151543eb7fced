/** Routes `/clients/{client_id}/allowances`: the scopes of a resource that a client may ask for. */
import type { Allowance, Client } from '#clients/client.ts'
import { AdminError } from '../errors.ts'
import { type Call, route, type Route } from '../route.ts'
import { changeWithinRights, type ClientRoutesDeps, clientReply } from './client-access.ts'
import { allowanceChange, clientDocument } from './schema.ts'

const path = '/clients/{client_id}/allowances/{resource}'
const common = {
  path,
  tag: 'Clients',
  scope: 'clients:write',
  conditional: true,
  answer: { status: 200, description: 'The client.', schema: clientDocument, versioned: true },
  refusals: [404, 409],
} as const

export function allowanceRoutes(deps: ClientRoutesDeps): Route[] {
  return [
    route({
      ...common,
      method: 'PUT',
      operationId: 'allowResource',
      summary: 'Set which scopes of a resource a client may have',
      body: allowanceChange,
      handle: async (call) => clientReply(await changeAllowance(deps, call, call.body.scopes)),
    }),
    route({
      ...common,
      method: 'DELETE',
      operationId: 'disallowResource',
      summary: 'Take a resource away from a client',
      handle: async (call) => clientReply(await changeAllowance(deps, call, undefined)),
    }),
  ]
}

/** Replaces one allowance and keeps the others, even when another change happens at the same time. */
async function changeAllowance(
  deps: ClientRoutesDeps,
  call: Pick<Call<unknown, unknown>, 'params' | 'expectedVersion' | 'by' | 'caller'>,
  scopes: readonly string[] | undefined,
): Promise<Client> {
  const resource = await registeredIdentifier(deps, call.params.resource as string)
  return changeWithinRights(deps, call, (before) => changedAllowances(before, resource, scopes))
}

function changedAllowances(before: Client, resource: string, scopes: readonly string[] | undefined) {
  const others = before.allowances.filter((allowance) => allowance.resource !== resource)
  if (scopes) return { allowances: [...others, { resource, scopes } satisfies Allowance] }
  if (others.length === before.allowances.length) {
    throw new AdminError('not_found', `The client ${before.id} has no allowance for ${JSON.stringify(resource)}.`)
  }
  return { allowances: others, ...(before.defaultResource === resource ? { defaultResource: null } : {}) }
}

/** Returns the identifier as registered, or as given when it is unknown, which the clients room then reports. */
async function registeredIdentifier({ resources }: ClientRoutesDeps, identifier: string): Promise<string> {
  return (await resources.find(identifier))?.identifier ?? identifier
}
