/** A live server behind a proxy with a device and a person, for the tests of the pages for devices. */
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { connect, createDevice, type Device } from '../support/device.ts'
import { person, type Person, textOf, type Visit } from '../support/person.ts'
import { type Reachable, type Server, startServer } from '../support/server.ts'

export const API = 'https://api.example.com'
export const ada = { email: 'ada@example.com', password: PASSWORD }

export interface DeviceWorld {
  readonly server: Server
  readonly admin: Administrator
  readonly tv: RegisteredClient
  readonly device: Device
  /** The server, for requests from an address, with additional headers. */
  from(address: string, also?: Record<string, string>): Reachable
  /** An address that no other test has, so that its counts are its own. */
  address(): string
  /** A browser at the address; at a new one by default. */
  someone(address?: string): Person
  /** A browser in which the person is signed in and has allowed the client everything. */
  ready(address?: string): Promise<Person>
}

export async function startDeviceWorld(): Promise<DeviceWorld> {
  const server = await startServer({ env: { SIGNET_TRUSTED_PROXIES: '127.0.0.1', SIGNET_REFUSALS_PER_MINUTE: '1000' } })
  const admin = await administrator(server)
  await admin.resource(API, [], { scopes: [{ name: 'posts:read', description: 'Read your posts' }] })
  await admin.account(ada.email, ada.password)
  const tv = await admin.client('device', {
    client_name: 'Telly',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  const device = createDevice(server, tv)
  let addresses = 1

  const from: DeviceWorld['from'] = (ip, also = {}) => ({
    ...server,
    fetch(url, init) {
      const headers = new Headers(init?.headers)
      headers.set('x-forwarded-for', ip)
      for (const [name, value] of Object.entries(also)) headers.set(name, value)
      return server.fetch(url, { ...init, headers })
    },
  })
  const address = () => `198.51.100.${addresses++}`
  const someone = (ip = address()) => person(() => from(ip))
  return {
    server,
    admin,
    tv,
    device,
    from,
    address,
    someone,
    async ready(ip) {
      const browser = someone(ip)
      await connect(browser, (await device.begin()).user_code, ada)
      return browser
    },
  }
}

export const says = (page: Visit): string => textOf(page.html)
