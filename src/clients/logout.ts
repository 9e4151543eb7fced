/** Reads from a client's metadata how it learns that a session has ended. */
import type { Client } from './client.ts'

export interface LogoutAddress {
  readonly uri: string
  /** Whether the client must be given the `sid` of its session. */
  readonly needsSid: boolean
}

export type LogoutChannel = 'backchannel' | 'frontchannel'

/** Returns the registered address of a channel; undefined when there is none. */
export function logoutAddressOf(
  { metadata }: Pick<Client, 'metadata'>,
  channel: LogoutChannel,
): LogoutAddress | undefined {
  const uri = metadata[`${channel}_logout_uri`]
  if (typeof uri !== 'string') return undefined
  return { uri, needsSid: metadata[`${channel}_logout_session_required`] === true }
}

/** Whether the client's ID tokens carry `sid` without being asked (Back-Channel Logout §2.2, Front-Channel Logout §2). */
export function needsSid(client: Pick<Client, 'metadata'>): boolean {
  return (['backchannel', 'frontchannel'] as const).some((channel) => logoutAddressOf(client, channel)?.needsSid)
}
