/** A client of the admin API. It authenticates as `signet-cli` with that client's own key. */
import { CLI_CLIENT_ID } from '#admin/cli-client.ts'
import { adminResourceOf } from '#admin/scopes.ts'
import { CliFailure } from './failure.ts'
import { fetchJson, type JsonResponse } from './fetch-json.ts'
import { readKeyFile } from './key-file.ts'
import { requestToken } from './token-request.ts'

export const ADMIN_KEY_HINT =
  'in development the server writes it at its first start; otherwise run "signet init" or "signet recover" on the server, or name a key by --key FILE.'

const PAGE_SIZE = 200

/** A JSON object of the API. */
export type Document = Record<string, unknown>

interface Change {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: Document | undefined
  /** The ETag of the version that the change is based on. */
  readonly ifMatch?: string | undefined
}

export interface AdminClient {
  /** Returns an object and its ETag. */
  read(path: string): Promise<{ document: Document; etag: string | undefined }>
  /** Yields all items of a list, page by page. */
  list(path: string, query?: Readonly<Record<string, string | undefined>>): AsyncGenerator<Document>
  /**
   * Sends a change and returns the answer, or undefined when it has no body. Throws ApiRefusal with the API's message.
   */
  change(path: string, change: Change): Promise<Document | undefined>
}

/** Returns a path of the API with each part percent-encoded, because a resource's identifier is a URL. */
export function apiPath(...parts: string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('')
}

/** An error of the API: its message, then one line for each invalid field. */
class ApiRefusal extends CliFailure {
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(message, { code })
    this.status = status
  }
}

/** Creates the client. The first request reads the key and gets the token. */
export function createAdminClient({ issuer, keyFile }: { issuer: string; keyFile: string }): AdminClient {
  const base = adminResourceOf(issuer)
  let token: Promise<string> | undefined

  async function getToken(): Promise<string> {
    const key = await readKeyFile(keyFile, ADMIN_KEY_HINT)
    const response = await requestToken({ issuer, clientId: CLI_CLIENT_ID, key, resource: base })
    return response.access_token
  }

  async function send(path: string, { method, body, ifMatch }: Omit<Change, 'method'> & { method: string }) {
    token ??= getToken()
    const headers: Record<string, string> = { authorization: `Bearer ${await token}`, accept: 'application/json' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (ifMatch !== undefined) headers['if-match'] = ifMatch
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const answer = await fetchJson(issuer, `${base}${path}`, init)
    if (answer.status >= 200 && answer.status < 300) return answer
    throw refusalOf(answer, issuer)
  }

  async function* list(path: string, query: Readonly<Record<string, string | undefined>> = {}) {
    let cursor: string | undefined
    do {
      const search = new URLSearchParams({ limit: String(PAGE_SIZE) })
      for (const [name, value] of Object.entries({ ...query, cursor })) if (value !== undefined) search.set(name, value)
      const { body } = await send(`${path}?${search.toString()}`, { method: 'GET' })
      yield* (body?.items ?? []) as Document[]
      cursor = (body?.next_cursor as string | null) ?? undefined
    } while (cursor !== undefined)
  }

  return {
    read: async (path) => {
      const { body, headers } = await send(path, { method: 'GET' })
      return { document: body ?? {}, etag: headers.get('etag') ?? undefined }
    },
    list,
    change: async (path, change) => (await send(path, change)).body,
  }
}

function refusalOf({ status, body }: JsonResponse, issuer: string): CliFailure {
  const code = typeof body?.code === 'string' ? body.code : `http_${status}`
  const detail = typeof body?.detail === 'string' ? body.detail : `The server at ${issuer} answered ${status}.`
  const faults = Array.isArray(body?.errors)
    ? (body.errors as { field: string; given: unknown; expected: string }[])
    : []
  const lines = faults.map(({ field, given, expected }) => `  ${field}: ${describeGiven(given)}; expected ${expected}`)
  return new ApiRefusal(status, code, [detail, ...lines].join('\n'))
}

function describeGiven(given: unknown): string {
  return given === null || given === undefined ? 'missing' : `given ${JSON.stringify(given)}`
}
