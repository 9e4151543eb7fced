/** Redacts members whose names denote secrets, so that no log line or audit event contains one by mistake. */
const SECRET_NAMES = new Set([
  'access_token',
  'assertion',
  'authorization',
  'auth_req_id',
  'client_assertion',
  'client_secret',
  'clientsecret',
  'code_verifier',
  'codeverifier',
  'cookie',
  'device_code',
  'dpop',
  'id_token',
  'id_token_hint',
  'master_key',
  'new_password',
  'passphrase',
  'password',
  'private_key',
  'privatekey',
  'refresh_token',
  'registration_access_token',
  'request_uri',
  'secret',
  'set-cookie',
  'token',
  'user_code',
])
/** The private members of a JWK (RFC 7518 §6). */
const PRIVATE_JWK_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
const MAX_DEPTH = 6

export const REDACTED = '[redacted]'

/** Whether a member of this name contains a secret. `inJwk`: the object also has a `kty`. */
export function isSecretName(name: string, inJwk = false): boolean {
  return (inJwk && PRIVATE_JWK_MEMBERS.has(name)) || SECRET_NAMES.has(name.toLowerCase())
}

/** Returns the object with the values of secret members replaced. Copies only what changes. */
export function redact(value: Record<string, unknown>): Record<string, unknown> {
  return redactObject(value, 0)
}

function redactObject(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  const inJwk = 'kty' in value
  let copy: Record<string, unknown> | undefined
  for (const name of Object.keys(value)) {
    const given = value[name]
    const shown = isSecretName(name, inJwk) && given !== undefined ? REDACTED : redactValue(given, depth + 1)
    if (shown !== given) {
      copy ??= { ...value }
      copy[name] = shown
    }
  }
  return copy ?? value
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const shown = items.map((item) => redactValue(item, depth + 1))
    return shown.some((item, index) => item !== items[index]) ? shown : value
  }
  // Errors have their own serializer; dates, buffers and other class instances have no members to redact.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return redactObject(value as Record<string, unknown>, depth)
}
