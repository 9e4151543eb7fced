/** Reads the client's id and secret from the Authorization header. */

export interface BasicCredentials {
  readonly id: string
  /** Still encoded; undefined without a colon. */
  readonly secret: string | undefined
}

/** RFC 6749 §2.3.1: id and secret are form-encoded, then joined by a colon. Nothing of it is verified. */
export function basicCredentials(header: string | undefined): BasicCredentials | undefined {
  const [, credentials] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header ?? '') ?? []
  if (credentials === undefined) return undefined
  const text = Buffer.from(credentials, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0
    ? { id: decoded(text), secret: undefined }
    : { id: decoded(text.slice(0, colon)), secret: text.slice(colon + 1) }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id.replaceAll('+', ' '))
  } catch {
    return id
  }
}
