/** The shape of a flow that sends secrets, and what all flows ask for. */
import type { Administrator } from './administrator.ts'
import type { Server } from './server.ts'

export interface FlowContext {
  readonly server: Server
  readonly admin: Administrator
  /** The URL of the server's database, for data that no page can create. */
  readonly databaseUrl: string
  /** Creates an account for each flow. */
  person(): Promise<{ sub: string; email: string; password: string }>
}

export interface Flow {
  readonly name: string
  run(context: FlowContext): Promise<void>
}

export const FLOW_API = 'https://api.example.com'
export const CALLBACK = 'http://localhost:5000/authorize'
export const ALLOWED = { redirect_uris: [CALLBACK], signet_allow: [{ resource: FLOW_API, scopes: ['posts:read'] }] }
export const SCOPE = 'openid email offline_access posts:read'
