/** What every way to prove who one is must hold, whatever it is made of. */
import { describe, expect, test } from 'vitest'
import type { Audit } from '#audit/audit.ts'
import type { Accounts } from '#accounts/account.ts'
import { SYSTEM } from '#audit/audit.ts'
import type { Proof, Verifier } from '#sign-in/sign-in-method.ts'

const BY = { actor: { kind: 'anonymous' }, address: '192.0.2.7', requestId: 'req-1' } as const

/** An account that can be proven this way. */
export interface EnrolledAccount<Attempt> {
  readonly sub: string
  /** An attempt that is right now, as long as none was accepted. */
  right(): Promise<Attempt>
  /** Attempts that are wrong, each in its own manner. */
  wrong(): Promise<readonly Attempt[]>
}

export interface SignInMethodHarness<Attempt> {
  /** The method on two nodes of one database. */
  readonly nodes: readonly [Verifier<Attempt>, Verifier<Attempt>]
  readonly accounts: Pick<Accounts, 'setStatus' | 'remove'>
  readonly audit: Pick<Audit, 'list'>
  readonly amr: readonly string[]
  /** Whether the same attempt counts once. */
  readonly once: boolean
  enrol(): Promise<EnrolledAccount<Attempt>>
  /** An account that has not been enrolled. */
  bare(): Promise<string>
  /** The attempt of one account, made for another: what was proven about the first must tell nothing of the second. */
  forOther?(attempt: Attempt, sub: string): Attempt
}

export function signInMethodSuite<Attempt extends object>(
  name: string,
  open: () => Promise<SignInMethodHarness<Attempt>>,
): void {
  describe(name, async () => {
    const harness = await open()
    const [here, there] = harness.nodes
    const verify = (attempt: Attempt, method = here) => method.verify({ ...attempt, clientId: 'cli-1' }, BY)
    const last = async () => (await harness.audit.list({ limit: 1 }))[0]

    async function isRefused(attempt: Attempt): Promise<void> {
      expect(await verify(attempt)).toBeUndefined()
      const event = await last()
      expect(event).toMatchObject({
        type: 'sign_in.failed',
        outcome: 'failure',
        clientId: 'cli-1',
        address: '192.0.2.7',
        reason: expect.stringMatching(/./),
        detail: { method: name },
      })
      for (const value of Object.values(attempt)) {
        if (typeof value === 'string' && value.length > 5 && value !== event?.accountId) {
          expect(JSON.stringify(event)).not.toContain(value)
        }
      }
    }

    test('knows who is enrolled', async () => {
      expect(await here.isEnrolled(await harness.bare())).toBe(false)
      const { sub } = await harness.enrol()
      expect(await here.isEnrolled(sub)).toBe(true)
      expect(await there.isEnrolled(sub)).toBe(true)
    })

    test('a right attempt proves the account, and is in the audit log', async () => {
      const { sub, right } = await harness.enrol()
      expect(await verify(await right())).toMatchObject({ account: { id: sub }, amr: harness.amr })
      expect(await last()).toMatchObject({
        type: 'sign_in.succeeded',
        outcome: 'success',
        actor: { kind: 'account', id: sub },
        accountId: sub,
        clientId: 'cli-1',
        detail: { method: name },
      })
    })

    test('a wrong attempt proves nothing, and nothing of it is in the audit log', async () => {
      const { wrong, right, sub } = await harness.enrol()
      for (const attempt of await wrong()) await isRefused(attempt)
      expect(await verify(await right())).toMatchObject({ account: { id: sub } })
    })

    test('a disabled account and one that is gone are refused', async () => {
      const { sub, right } = await harness.enrol()
      await harness.accounts.setStatus(sub, 'disabled', undefined, SYSTEM)
      await isRefused(await right())
      await harness.accounts.setStatus(sub, 'enabled', undefined, SYSTEM)
      const attempt = await right()
      await harness.accounts.remove(sub, undefined, SYSTEM)
      await isRefused(attempt)
    })

    test('what proves one account proves no other', async () => {
      const [one, other] = [await harness.enrol(), await harness.enrol()]
      if (!harness.forOther) {
        expect((await verify(await one.right()))?.account.id).toBe(one.sub)
        return
      }
      await isRefused(harness.forOther(await one.right(), other.sub))
    })

    test('ten of the same attempt at once on two nodes count as often as they may', async () => {
      const { right } = await harness.enrol()
      const attempt = await right()
      const proofs = await Promise.all(Array.from({ length: 10 }, (_, at) => verify(attempt, at % 2 ? here : there)))
      const accepted = proofs.filter((proof): proof is Proof => proof !== undefined)
      expect(accepted).toHaveLength(harness.once ? 1 : 10)
    })
  })
}
