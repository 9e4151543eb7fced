/** Sends requests to the issuer, with limits on time and size, and without redirects. */

/** The issuer did not answer, or its answer cannot be used. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable'
}

/** A GET, or with `form` a POST. */
export interface Asked {
  readonly accept: string
  readonly signal: AbortSignal
  readonly form?: { readonly parameters: URLSearchParams; readonly headers: Readonly<Record<string, string>> }
}

/** The maximum size of an issuer's document, in bytes. */
export const MAX_DOCUMENT_BYTES = 1_048_576

/**
 * Returns the text at `url`. Throws IssuerUnavailable for every answer but 200 within the limits, including redirects.
 */
export async function fetchText(url: string, asked: Asked): Promise<string> {
  const { status, text } = await fetchAnswer(url, asked)
  if (status !== 200) throw new IssuerUnavailable(`${url} answered ${status}`)
  return text
}

/** Returns the status and text of an answer within the limits. Throws IssuerUnavailable for any other. */
export async function fetchAnswer(url: string, asked: Asked): Promise<{ status: number; text: string }> {
  const { accept, signal, form } = asked
  const post = form === undefined ? {} : { method: 'POST', body: form.parameters }
  try {
    const headers = { ...form?.headers, accept }
    const response = await fetch(url, { ...post, headers, redirect: 'error', signal })
    return { status: response.status, text: await boundedText(response, url) }
  } catch (cause) {
    if (cause instanceof IssuerUnavailable) throw cause
    throw new IssuerUnavailable(`${url} could not be read`, { cause })
  }
}

async function boundedText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_DOCUMENT_BYTES) throw new IssuerUnavailable(`${url} is larger than ${MAX_DOCUMENT_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
