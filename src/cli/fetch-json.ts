/** Sends one HTTP request to the server; failures say what to do. */
import { CliFailure } from './failure.ts'

const TIMEOUT_MS = 30_000

export interface JsonResponse {
  readonly status: number
  readonly headers: Headers
  /** Undefined when the answer is not a JSON object. */
  readonly body: Record<string, unknown> | undefined
}

/**
 * Sends a request and reads the answer. Redirects are not followed. Throws CliFailure `server_unreachable` when nothing
 * answers at `issuer`.
 */
export async function fetchJson(issuer: string, url: string, init: RequestInit = {}): Promise<JsonResponse> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    text = await response.text()
  } catch (cause) {
    throw new CliFailure(
      `No Signet answers at ${issuer} (${reasonOf(cause)}): start it with "npm start", or name another by --issuer URL.`,
      { code: 'server_unreachable', cause },
    )
  }
  return { status: response.status, headers: response.headers, body: parseObject(text) }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  ECONNRESET: 'connection closed',
  TimeoutError: `no answer in ${TIMEOUT_MS / 1000} s`,
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string; message?: string } }
  return REASONS[cause?.code ?? ''] ?? REASONS[name] ?? cause?.code ?? cause?.message ?? String(error)
}
