/** Right requests to every operation of the admin API, as its OpenAPI document lists them. */
import type { Draft, Pair } from './draft.ts'
import type { Random } from './random.ts'
import { API, CALLBACK, type Stage } from './stage.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly hasBody: boolean
  readonly query: readonly string[]
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { requestBody?: unknown; parameters?: readonly { in: string; name: string }[] }>
  >
}

const operations = new WeakMap<Stage, Promise<readonly Operation[]>>()

/** A request to one of the operations. What would change the signing keys comes with a token that may not. */
export async function adminRequest(stage: Stage, random: Random): Promise<Draft> {
  const known = operations.get(stage) ?? readOperations(stage)
  operations.set(stage, known)
  const { method, path, hasBody, query } = random.pick(await known)
  const { spare, adminToken, readerToken } = await stage.cast()
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(spare[name] ?? 'unknown'))
  const isKeys = method !== 'GET' && path.startsWith('/admin/v1/keys')
  const token = isKeys || random.chance(0.1) ? readerToken : adminToken
  return {
    name: `${method} ${path}`,
    method,
    path: filled,
    query: query.filter(() => random.chance(0.4)).map((name): Pair => [name, name === 'limit' ? '5' : 'x']),
    headers: [['Authorization', `Bearer ${token}`], ...ifMatch(method, random)],
    ...(hasBody ? { json: structuredClone(bodyOf(path, random)) } : {}),
    keys: {},
  }
}

function ifMatch(method: string, random: Random): Pair[] {
  return ['PATCH', 'PUT', 'DELETE'].includes(method) && random.chance(0.3) ? [['If-Match', '"1"']] : []
}

async function readOperations({ server }: Stage): Promise<readonly Operation[]> {
  const response = await server.fetch('/admin/v1/openapi.json')
  const { paths } = (await response.json()) as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
      .map(([method, { requestBody, parameters = [] }]) => ({
        method: method.toUpperCase(),
        path: path.startsWith('/admin/v1') ? path : `/admin/v1${path}`,
        hasBody: requestBody !== undefined,
        query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
      })),
  )
}

/** A body that the operation would take, or nearly: the settings are not to change, so theirs is out of bounds. */
function bodyOf(path: string, random: Random): unknown {
  const unique = random.int(1e9).toString(36)
  if (path.includes('/settings')) return { lifetimes: { id_token_seconds: 5 } }
  if (path.includes('/resources')) return { resource: `https://${unique}.example.com`, name: 'Things', scopes: ['a:b'] }
  if (path.includes('/registration-tokens'))
    return { name: 'fuzzed', profiles: ['web'], max_uses: 3, redirect_hosts: ['localhost'], pkce: 'optional' }
  if (path.includes('/accounts'))
    return { email: `${unique}@example.com`, name: 'Grace', password: `pass word ${unique}` }
  if (path.endsWith('/secrets')) return {}
  return {
    signet_profile: 'web',
    client_name: 'fuzzed',
    redirect_uris: [CALLBACK],
    backchannel_logout_uri: 'https://app.example.com/logout',
    frontchannel_logout_uri: new URL('/signed-out', CALLBACK).href,
    token_endpoint_auth_method: 'client_secret_basic',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    contacts: ['ada@example.com'],
  }
}
