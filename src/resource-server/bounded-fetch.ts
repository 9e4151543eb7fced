/** Reads a document of the issuer: bounded in time and size, never redirected. */

/** The issuer could not be asked, or what it said cannot be used. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable'
}

/** No document of an issuer is larger than this, in bytes. */
export const MAX_DOCUMENT_BYTES = 1_048_576

/** The text at `url`; throws IssuerUnavailable for any answer but 200 within the limits, redirects included. */
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
