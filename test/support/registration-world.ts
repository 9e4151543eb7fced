/** Servers at which clients register themselves, and what tests of it share. */
import { expect } from 'vitest'
import { administrator, type Administrator, PASSWORD } from './administrator.ts'
import { type App, createApp } from './app.ts'
import { eventually } from './eventually.ts'
import { register } from './registration.ts'
import { type Server, startServers } from './server.ts'

export const CALLBACK = 'https://app.example.com/cb'
export const LOOPBACK = 'http://127.0.0.1:5000/cb'
export const ada = { email: 'ada@example.com', password: PASSWORD }

export interface RegistrationWorld {
  readonly nodes: readonly Server[]
  /** The first node. */
  readonly server: Server
  /** The last node. */
  readonly other: Server
  readonly admin: Administrator
  /** The subject of ada. */
  readonly sub: string
  /** Registers a client and returns the whole answer, whose status is 201. */
  registered(metadata: Record<string, unknown>, token?: string): Promise<Readonly<Record<string, unknown>>>
  idOf(metadata: Record<string, unknown>, token?: string): Promise<string>
  /** The app of a public client. */
  appOf(id: string, redirectUri?: string): App
}

/** Starts as many nodes on which clients may register in this mode, and waits until each knows. */
export async function registrationWorld(
  mode: 'token' | 'open',
  { count = 1 }: { readonly count?: number } = {},
): Promise<RegistrationWorld> {
  const nodes = await startServers(count)
  const server = nodes[0] as Server
  const admin = await administrator(server)
  const sub = await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', {
    client_registration: { mode },
    limits: { anonymous_megabytes_per_hour: 10_000 },
  })
  for (const node of nodes) {
    await eventually(async () => {
      const response = await node.fetch('/.well-known/openid-configuration')
      return (await response.text()).includes('registration_endpoint')
    })
  }

  async function registered(metadata: Record<string, unknown>, token?: string) {
    const { status, body } = await register(server, metadata, token)
    expect(status, JSON.stringify(body)).toBe(201)
    return body
  }

  return {
    nodes,
    server,
    other: nodes.at(-1) as Server,
    admin,
    sub,
    registered,
    idOf: async (metadata, token) => String((await registered(metadata, token))['client_id']),
    appOf: (id, redirectUri = CALLBACK) => createApp(server, { id, key: {}, secret: undefined }, redirectUri, true),
  }
}

/** What a program without a secret registers. */
export function tool(name: string, also: Record<string, unknown> = {}) {
  return { client_name: name, token_endpoint_auth_method: 'none', redirect_uris: [LOOPBACK], ...also }
}
