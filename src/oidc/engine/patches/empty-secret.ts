/**
 * What: a Basic header with a client's id and an empty secret counts as `client_id` alone, until the client is known.
 * Why: the engine refuses it, and libraries send it for public clients (Go's `oauth2`, oidc-agent). RFC 6749 §2.3.1 lets
 * a client leave out an empty secret, so both say the same. `auth-method.ts` refuses it for all other clients.
 * Engine: 9.13.3
 * Test: test/flows/empty-secret.test.ts
 */
import Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { basicCredentials } from '../basic-credentials.ts'
import { CLIENT_ROUTES } from '../routes.ts'

type Oidc = KoaContextWithOIDC['oidc'] & { readonly ctx: KoaContextWithOIDC } & Holder

const HEADER = Symbol('authorization header')

interface Holder {
  /** What was taken out of the request. */
  [HEADER]?: string | undefined
}

export function acceptEmptySecrets(provider: Provider): void {
  const { prototype } = provider.OIDCContext
  const params = Object.getOwnPropertyDescriptor(prototype, 'params') as PropertyDescriptor
  Object.defineProperty(prototype, 'params', {
    ...params,
    set(this: Oidc, value: unknown) {
      params.set?.call(this, value)
      takeOut(this)
    },
  })

  const find = provider.Client.find.bind(provider.Client)
  Object.assign(provider.Client, {
    find: async (id: string) => {
      const client = await find(id)
      // before the method is judged, and for the challenge in a refusal (RFC 6749 §5.2)
      if (Provider.ctx) putBack(Provider.ctx.oidc as Oidc)
      return client
    },
  })
}

function takeOut(oidc: Oidc): void {
  const { ctx, client, params, route } = oidc
  if (client || !params || !CLIENT_ROUTES.has(route)) return
  const { authorization } = ctx.headers
  const credentials = basicCredentials(authorization)
  if (credentials?.secret !== '') return
  // two ways to authenticate, or two clients: the engine says so
  if (params['client_secret'] || params['client_assertion']) return
  if (params['client_id'] !== undefined && params['client_id'] !== credentials.id) return
  params['client_id'] = credentials.id
  delete ctx.headers.authorization
  oidc[HEADER] = authorization
}

function putBack({ ctx, [HEADER]: authorization }: Oidc): void {
  if (authorization !== undefined) ctx.headers.authorization = authorization
}
