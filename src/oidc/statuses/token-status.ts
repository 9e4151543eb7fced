/** Reads the status index from the `status` claim of an access token (Token Status List §6.1). */
import { LIST_SIZE } from '#signing-keys/status-list/status-list.ts'

export interface TokenStatus {
  readonly status_list: { readonly idx: number; readonly uri: string }
}

/** Returns the status index for `idx` in the list at `uri`. Without a status: -1, which is below every index. */
export function statusIndexOf(status: TokenStatus | undefined): string {
  const list = /\/(\d+)$/.exec(status?.status_list.uri ?? '')?.[1]
  return status === undefined || list === undefined ? '-1' : String(Number(list) * LIST_SIZE + status.status_list.idx)
}
