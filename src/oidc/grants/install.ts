/** Registers extension grants with the engine, and checks that the rows and the engine agree. */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { clientOf } from '../engine/clients.ts'
import { grantTypesOf, type GrantHandler } from '../engine/internals.ts'
import { CLIENT_CREDENTIALS } from './client-credentials/grant.ts'
import type { ExtensionGrant } from './grant.ts'
import { type Grants, parametersOf } from './registry.ts'

/** Throws TypeError when the grant types or parameters of the engine differ from those of the rows. */
export function installGrants(provider: Provider, { rows }: Grants): void {
  const engineGrants = grantTypesOf(provider)
  for (const grant of rows) {
    if (!grant.authorize) continue
    const issue = engineGrants.handlers.get(CLIENT_CREDENTIALS.grantType)
    if (!issue) throw new TypeError(`the grant ${grant.grantType} needs the grant ${CLIENT_CREDENTIALS.grantType}`)
    provider.registerGrantType(grant.grantType, handlerOf(grant, issue), [...parametersOf(grant)], ['resource'])
  }
  const { parameters } = engineGrants
  const described = new Map(rows.map((grant) => [grant.grantType, parametersOf(grant)]))
  for (const grantType of new Set([...described.keys(), ...parameters.keys()])) {
    const row = sorted(described.get(grantType))
    const engine = sorted(parameters.get(grantType))
    if (row !== engine) {
      throw new TypeError(`the grant ${grantType} has the parameters ${engine} in the engine, and ${row} in its row`)
    }
  }
}

/**
 * Returns the handler of an extension grant. After `authorize` succeeds, it runs the engine's handler for client
 * credentials: proof of possession, resource and scope by the policies of the row, token, unit of work.
 */
function handlerOf({ authorize, parameters }: ExtensionGrant, issue: GrantHandler): GrantHandler {
  return async (ctx: KoaContextWithOIDC) => {
    const { client, params } = ctx.oidc
    const own = parameters.map((name) => [name, params?.[name] as string | undefined])
    if (!client) throw new TypeError('the client is authenticated before its grant')
    await authorize({ client: clientOf(client), params: Object.fromEntries(own) })
    await issue(ctx)
  }
}

function sorted(names: ReadonlySet<string> | undefined): string {
  return names === undefined ? 'none' : [...names].toSorted().join(', ')
}
