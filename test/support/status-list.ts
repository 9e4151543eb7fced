/** Reads Token Status Lists; written from the specification, without our code. */
import { inflateSync } from 'node:zlib'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { Server } from './server.ts'

/** Returns the status of a token in its list: 0 is valid, 1 is not. */
export async function listedStatus(node: Server, accessToken: string): Promise<number> {
  const { status } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(accessToken)
  const { idx, uri } = status.status_list
  const response = await node.fetch(uri)
  if (response.status !== 200) throw new Error(`${uri}: ${response.status}`)
  const { payload } = await jwtVerify<{ status_list: { bits: number; lst: string } }>(
    await response.text(),
    createRemoteJWKSet(new URL(`${node.issuer}/jwks`)),
    { typ: 'statuslist+jwt', subject: uri },
  )
  if (payload.status_list.bits !== 1) throw new Error('one bit a token is expected')
  const bytes = inflateSync(Buffer.from(payload.status_list.lst, 'base64url'))
  return ((bytes[Math.floor(idx / 8)] ?? 0) >> (idx % 8)) & 1
}
