/** Finds the person that a backchannel authentication request is about, without telling the client whether there is one. */
import type { Account as EngineAccount, KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import { spellingKey } from '#accounts/email.ts'
import type { Client } from '#clients/client.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { expectedSubjects } from '../../configuration/claims-parameter.ts'
import { clientOf } from '../../engine/clients.ts'

export interface PeopleDeps {
  readonly accounts: Pick<Accounts, 'read' | 'findByIdentifier'>
  readonly subjects: Subjects
  readonly keyring: Pick<Keyring, 'mac'>
}

/** The prefix of the ids that stand for nobody. No account has it. */
const NOBODY = 'nobody-'

/** Whether a request is about nobody, so that it is never shown to anybody. */
export function isNobody(accountId: string): boolean {
  return accountId.startsWith(NOBODY)
}

/**
 * Returns the function that finds the account of a hint: an e-mail address, or the subject that the client got. A hint
 * that fits no account gets an id of nobody, always the same, so that such requests are limited as any other's are. Each
 * hint takes one look-up.
 */
export function findRequestedPerson({ accounts, subjects, keyring }: PeopleDeps) {
  async function find(hint: string, client: Client): Promise<string | undefined> {
    const account = hint.includes('@')
      ? await accounts.findByIdentifier(hint)
      : await accounts.read(accountIdOf(subjects, hint, client))
    return account?.status === 'enabled' ? account.id : undefined
  }

  return async (ctx: KoaContextWithOIDC, hint: string): Promise<EngineAccount> => {
    const client = clientOf(ctx.oidc.client as NonNullable<typeof ctx.oidc.client>)
    const found = await orUnavailable(() => find(hint, client))
    const isExpected =
      found !== undefined &&
      expectedSubjects(ctx.oidc.params ?? {}).every((some) => some.includes(subjects.of(found, client)))
    const nobody = NOBODY + keyring.mac('backchannel-hint', spellingKey(hint)).toString('base64url')
    const accountId = isExpected ? found : nobody
    return { accountId, claims: () => ({ sub: accountId }) }
  }
}

/** Returns the account id for a subject that the client got; an id of nobody for one that it did not. */
function accountIdOf(subjects: Subjects, subject: string, client: Client): string {
  const accountId = subjects.accountOf(subject, client) ?? NOBODY
  return subjects.of(accountId, client) === subject ? accountId : NOBODY
}
