/** Right requests of clients that register and manage themselves (RFC 7591, RFC 7592). */
import type { Draft, Pair } from './draft.ts'
import type { Random } from './random.ts'
import { CALLBACK, type Stage } from './stage.ts'

/** A client that registers itself, and one that manages itself. */
export async function registration(stage: Stage, random: Random): Promise<Draft> {
  const { registered } = await stage.cast()
  const metadata = {
    client_name: 'fuzzed',
    redirect_uris: random.pick([[CALLBACK], ['com.example.app:/cb'], [CALLBACK, 'http://127.0.0.1:1/cb']]),
    token_endpoint_auth_method: random.pick(['none', 'client_secret_basic', 'client_secret_post']),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email posts:read',
    contacts: ['ada@example.com'],
  }
  const common = { query: [], keys: {} }
  if (random.chance(0.5)) {
    return { ...common, name: 'register', method: 'POST', path: '/register', headers: [], json: metadata }
  }
  const method = random.pick(['GET', 'PUT'])
  const json = method === 'PUT' ? { json: { client_id: registered.id, ...metadata } } : {}
  const headers: Pair[] = [['Authorization', `Bearer ${registered.token}`]]
  return { ...common, name: `${method} registration`, method, path: `/register/${registered.id}`, headers, ...json }
}
