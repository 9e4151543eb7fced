/** The `status` claim of an access token (Token Status List §6.1), and the status index in it. */
import { LIST_SIZE } from '#signing-keys/status-list/status-list.ts'

export interface TokenStatus {
  readonly status_list: { readonly idx: number; readonly uri: string }
}

/** The status index that `idx` in the list at `uri` means. Without a status it is below every index that is given. */
export function statusIndexOf(status: TokenStatus | undefined): string {
  const list = /\/(\d+)$/.exec(status?.status_list.uri ?? '')?.[1]
  return status === undefined || list === undefined ? '-1' : String(Number(list) * LIST_SIZE + status.status_list.idx)
}
