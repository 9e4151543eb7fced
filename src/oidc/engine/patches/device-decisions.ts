/**
 * What: `DeviceCode.save` stores what the person decided once, in one transaction with a grant of its own and the audit
 * event.
 * Why: the engine saves the whole code whoever saved before, so of two people the last would win, and an approval could
 * undo a refusal. It also gives all devices of a client that a browser session approves one grant, so that revoking one
 * device would end the others.
 * Engine: 9.13.3
 * Test: test/flows/device-races.test.ts
 */
import type Provider from 'oidc-provider'
import type { DeviceCode } from 'oidc-provider'
import type { Payload } from '../../adapter/sealing.ts'

export interface DeviceDecisionDeps {
  /** Stores the decision. Throws when there was one before. */
  readonly decideDevice: (code: { value: string; payload: Payload }) => Promise<void>
}

interface Model extends Pick<DeviceCode, 'accountId' | 'error' | 'save'> {
  getValueAndPayload(): Promise<{ value: string; payload: Payload }>
}

export function decideDevicesOnce(provider: Provider, { decideDevice }: DeviceDecisionDeps): void {
  const { prototype } = provider.DeviceCode as unknown as { prototype: Model }
  const { save } = prototype
  prototype.save = async function decideOnce() {
    if (this.accountId === undefined && this.error === undefined) return save.call(this)
    const code = await this.getValueAndPayload()
    await decideDevice(code)
    return code.value
  }
}
