/** Protects codes and links at rest: stores MACs or digests of them, under row keys that bind them to their use. */
import type { Keyring } from '#sealing/keyring.ts'
import { sha256 } from '#shared/ids.ts'
import type { EmailCodePurpose } from './email-code.ts'

/** What a code may be used for, and who may use it. */
export interface Binding {
  readonly purpose: EmailCodePurpose
  readonly address: string
  readonly accountId?: string | undefined
  readonly browser?: string | undefined
}

/** The sealed content of a row. `bound` is the account of the request, `sub` the account that was found. */
export interface Content {
  readonly address: string
  /** The address as typed, which the row's key contains. */
  readonly asked?: string
  readonly bound: string | undefined
  readonly sub: string | undefined
  /** The account's links version when the mail was sent. */
  readonly mailLinksVersion: number | undefined
}

export type Seals = ReturnType<typeof createSeals>

const PURPOSE = 'email-code'

/** Returns the digest of a link's token. It includes the purpose, so that a link is not valid for another one. */
export function tokenHashOf(purpose: EmailCodePurpose, token: string): Buffer {
  return sha256(`${purpose} ${token}`)
}

export function createSeals(keyring: Pick<Keyring, 'seal' | 'open' | 'mac' | 'macs'>) {
  const bindingText = ({ purpose, address, accountId, browser }: Binding) =>
    JSON.stringify([purpose, address.toLowerCase(), accountId ?? null, browser ?? null])
  const codeText = (key: Buffer, code: string) => `${key.toString('hex')} ${code}`
  return {
    key: (binding: Binding) => keyring.mac(`${PURPOSE}-row`, bindingText(binding)),
    /** The row's keys under each master key, for look-ups. */
    keys: (binding: Binding) => keyring.macs(`${PURPOSE}-row`, bindingText(binding)),
    codeMac: (key: Buffer, code: string) => keyring.mac(PURPOSE, codeText(key, code)),
    codeMacs: (keys: readonly Buffer[], code: string) =>
      keys.flatMap((key) => keyring.macs(PURPOSE, codeText(key, code))),
    seal: (key: Buffer, content: Content) => keyring.seal(PURPOSE, JSON.stringify(content), key.toString('hex')),
    open: (key: Buffer, sealed: Buffer) =>
      JSON.parse(keyring.open(PURPOSE, sealed, key.toString('hex')).toString()) as Content,
  }
}
