/** Checks the secret or key with which we authenticate at a provider. No value is ever shown. */
import type { Fault } from '#shared/app-error.ts'
import { isVisible } from './member-rules.ts'
import { pkcs8Of } from './private-key.ts'
import type { Upstream, UpstreamAuthMethod, UpstreamInput } from './upstream.ts'

type Given = Pick<Partial<UpstreamInput>, 'clientSecret' | 'privateKey'>
/** What an administrator gives for a method. For `private_key_jwt` we make the key. */
type Credential = 'secret' | 'key' | 'none'

const CREDENTIALS: Readonly<Record<UpstreamAuthMethod, Credential>> = {
  private_key_jwt: 'none',
  client_secret_basic: 'secret',
  client_secret_post: 'secret',
  signed_client_secret: 'key',
}

/** Returns the faults of the credential. One is required when the method needs it and none of its kind is stored. */
export function credentialFaults(
  { clientSecret, privateKey }: Given,
  method: UpstreamAuthMethod,
  before: Upstream | undefined,
): Fault[] {
  const needed = CREDENTIALS[method] ?? 'none'
  const isStored = before !== undefined && CREDENTIALS[before.authMethod] === needed
  const secret = { is: needed === 'secret', given: clientSecret, isStored }
  const key = { is: needed === 'key', given: privateKey, isStored }
  return [
    ...faults('client_secret', secret, {
      missing: `the secret that the provider gave us, for ${method}`,
      needless:
        needed === 'key'
          ? 'no secret: it is signed with private_key'
          : 'no secret: with private_key_jwt there is a key',
      // RFC 6749 Appendix A.2
      wrong: isVisible(clientSecret, 1024) ? undefined : 'a secret of 1 to 1024 visible ASCII characters',
    }),
    ...faults('private_key', key, {
      missing: KEY,
      needless: `no private key: ${method} does not use one that you give`,
      wrong: typeof privateKey === 'string' && pkcs8Of(privateKey) !== undefined ? undefined : KEY,
    }),
  ]
}

const KEY = 'the private key that the provider gave you (Apple: the .p8 file), an EC key on P-256 in PEM'

function faults(
  field: string,
  { is, given, isStored }: { is: boolean; given: unknown; isStored: boolean },
  words: { missing: string; needless: string; wrong: string | undefined },
): Fault[] {
  if (given === undefined) return is && !isStored ? [{ field, given: null, expected: words.missing }] : []
  const expected = is ? words.wrong : words.needless
  return expected === undefined ? [] : [{ field, given: '(not shown)', expected }]
}
