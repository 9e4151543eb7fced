/** Which client ids are addresses of client metadata documents (draft-ietf-oauth-client-id-metadata-document §3). */

/** The longest address. */
export const MAX_DOCUMENT_ID = 512

/** Whether a client id is a URL, so that it can only mean a document. Ids that are registered here never are. */
export function isDocumentId(id: string): boolean {
  return /^https?:\/\//i.test(id)
}

/**
 * Returns what the address of a document must be, or undefined when `id` is valid. It is compared as a string with the
 * `client_id` in the document, so only the spelling that the URL standard makes of it is accepted. Plain http is for
 * hosts that `allowHttp` admits.
 */
export function documentIdFault(id: string, allowHttp: (host: string) => boolean): string | undefined {
  const expected = 'an https URL with a path, such as https://app.example.com/client.json'
  if (id.length > MAX_DOCUMENT_ID) return `a URL of at most ${MAX_DOCUMENT_ID} characters`
  const url = URL.parse(id)
  if (!url || !/^[\x21-\x7E]+$/.test(id)) return expected
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowHttp(url.hostname))) return expected
  if (id.includes('#')) return 'a URL without a fragment (the part from # on)'
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password'
  if (url.pathname === '/') return expected
  // dot segments, upper case in the host, a default port and backslashes are gone in the URL standard's spelling
  return url.href === id ? undefined : `the plain spelling of it: ${url.href.slice(0, MAX_DOCUMENT_ID)}`
}
