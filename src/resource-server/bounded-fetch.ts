/** Fetches documents of the issuer with limits on time and size, and without redirects. */

/** The issuer did not answer, or its answer cannot be used. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable'
}

/** The maximum size of an issuer's document, in bytes. */
export const MAX_DOCUMENT_BYTES = 1_048_576

/**
 * Returns the text at `url`. Throws IssuerUnavailable for every answer but 200 within the limits, including redirects.
 */
export async function fetchText(url: string, accept: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { headers: { accept }, redirect: 'error', signal })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new IssuerUnavailable(`${url} answered ${response.status}`)
    }
    return await boundedText(response, url)
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
