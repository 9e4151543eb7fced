/** Registers clients at `/register` and manages them there, as clients do (RFC 7591, RFC 7592). */
import type { Reachable } from './server.ts'

export interface RegistrationAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

export interface RegistrationRequest {
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request to the registration endpoint, or to the client configuration endpoint of `id`. */
export async function registrationRequest(
  server: Reachable,
  method: string,
  id: string | undefined,
  { metadata, token, headers = {} }: RegistrationRequest = {},
): Promise<RegistrationAnswer> {
  const response = await server.fetch(id === undefined ? '/register' : `/register/${id}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(metadata === undefined ? {} : { body: JSON.stringify(metadata) }),
  })
  const text = await response.text()
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: response.status, headers: response.headers, body }
}

export function register(
  server: Reachable,
  metadata: Readonly<Record<string, unknown>>,
  token?: string,
): Promise<RegistrationAnswer> {
  return registrationRequest(server, 'POST', undefined, { metadata, token })
}
