/** A server with its own TLS and a second listener that asks clients for a certificate; all certificates are new. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import { administrator, type Administrator } from './administrator.ts'
import { type CertificateInput, type Identity, makeCertificate } from './certificates.ts'
import { atEnd } from './endings.ts'
import { freePort } from './ports.ts'
import { type Server, startServer, temporaryDir } from './server.ts'

export interface TlsWorld {
  /** Its `fetch` trusts the server's authority and shows no certificate. */
  readonly server: Server
  readonly admin: Administrator
  /** The origin of the second listener. */
  readonly mtlsUrl: string
  /** The authority of clients. */
  readonly authority: Identity
  /** The file with its certificate, which the server watches. */
  readonly authorityFile: string
  /** Returns a fetch that shows a certificate, if given, and connects to the port that a URL names. */
  as(identity?: Identity): typeof globalThis.fetch
  /** Makes a certificate of the authority of clients, for `shop` unless `also` says otherwise. */
  issued(also?: Partial<CertificateInput>): Identity
  /** Posts a form, to the second listener unless said otherwise, and reads the JSON of the answer. */
  post(path: string, params: Record<string, string>, how?: Sending): Promise<Posted>
}

export interface Sending {
  readonly identity?: Identity
  readonly to?: string
  readonly headers?: Record<string, string>
}

export interface Posted {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, string>
}

const SHOP: CertificateInput = {
  subject: [
    ['C', 'GB'],
    ['O', 'Example, Ltd'],
    ['CN', 'shop'],
  ],
  names: [
    ['dns', 'shop.example.com'],
    ['uri', 'https://shop.example.com/id'],
    ['email', 'shop@example.com'],
    ['ip', '192.0.2.7'],
  ],
}

/** `also` adds to the environment of the server. */
export async function startTlsWorld(also: Readonly<Record<string, string>> = {}): Promise<TlsWorld> {
  const [ours, authority] = ['Ours', 'Clients'].map((O) =>
    makeCertificate({ subject: [['O', O]], isAuthority: true }),
  ) as [Identity, Identity]
  const host = makeCertificate({ subject: [['CN', 'localhost']], names: [['dns', 'localhost']], issuer: ours })
  const [port, mtlsPort] = [await freePort(), await freePort()]
  const dir = temporaryDir('tls')
  const file = (name: string, text: string) => (writeFileSync(join(dir, name), text, { mode: 0o600 }), join(dir, name))
  const [issuer, mtlsUrl] = [`https://localhost:${port}`, `https://localhost:${mtlsPort}`]

  function as(identity?: Identity): typeof globalThis.fetch {
    const connect = buildConnector({ ca: ours.cert, ...(identity && { cert: identity.cert, key: identity.key }) })
    const agent = new Agent({ connect: (target, done) => connect({ ...target, hostname: '127.0.0.1' }, done) })
    atEnd(() => agent.destroy())
    const send = async (input: string | URL, init: object = {}) => {
      const url = typeof input === 'string' && input.startsWith('/') ? issuer + input : input
      return undiciFetch(url, { ...init, dispatcher: agent })
    }
    return send as unknown as typeof globalThis.fetch
  }

  async function post(path: string, params: Record<string, string>, how: Sending = {}): Promise<Posted> {
    const { identity, to = mtlsUrl, headers = {} } = how
    const response = await as(identity)(to + path, { method: 'POST', headers, body: new URLSearchParams(params) })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Posted['body'] }
  }

  const authorityFile = file('clients.crt', authority.cert)
  const started = await startServer({
    env: {
      PORT: String(port),
      SIGNET_ISSUER: issuer,
      SIGNET_TLS_CERT_FILE: file('tls.crt', host.cert),
      SIGNET_TLS_KEY_FILE: file('tls.key', host.key),
      SIGNET_MTLS_PORT: String(mtlsPort),
      SIGNET_MTLS_URL: mtlsUrl,
      SIGNET_MTLS_CLIENT_CA_FILE: authorityFile,
      ...also,
    },
  })
  const server = { ...started, fetch: as() }
  const issued = (also = {}) => makeCertificate({ ...SHOP, issuer: authority, ...also })
  return { server, admin: await administrator(server), mtlsUrl, authority, authorityFile, as, issued, post }
}
