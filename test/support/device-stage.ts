/** A server with a person, an API and a client for devices, and what tests of the device grant share. */
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from './administrator.ts'
import { createDevice, type Device } from './device.ts'
import { person, type Person } from './person.ts'
import { type Server, startServer } from './server.ts'

export const API = 'https://api.example.com'
export const ada = { email: 'ada@example.com', password: PASSWORD }
const ALLOWED = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }

export interface DeviceStage {
  readonly server: Server
  readonly admin: Administrator
  /** The subject of ada. */
  readonly sub: string
  readonly tv: RegisteredClient
  /** The device of `tv`. */
  readonly device: Device
  aClient(also?: Record<string, unknown>, profile?: string): Promise<RegisteredClient>
  /** A new browser. */
  someone(): Person
}

export async function deviceStage(): Promise<DeviceStage> {
  const server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  const sub = await admin.account(ada.email, ada.password)
  const aClient: DeviceStage['aClient'] = (also = {}, profile = 'device') =>
    admin.client(profile, { client_name: 'Telly', ...ALLOWED, ...also })
  const tv = await aClient()
  const someone = () => person(() => server)
  return { server, admin, sub, tv, device: createDevice(server, tv), aClient, someone }
}
