/** Chromium's virtual authenticator in a test page: stores passkeys and answers for a person who is always present. */
import type { CDPSession, Page } from 'playwright-core'
import type { SoftwarePasskey } from './authenticator.ts'

export interface VirtualAuthenticator {
  /** Adds a passkey of the tests. */
  keep(passkey: SoftwarePasskey): Promise<void>
  /** Sets whether the person can be verified: by finger, face or PIN. */
  setVerified(isVerified: boolean): Promise<void>
  /** Sets whether it answers automatically, as if the person agreed at once. */
  setPresent(isPresent: boolean): Promise<void>
  /** Returns the ids of the stored passkeys, in base64. */
  kept(): Promise<string[]>
}

export async function virtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async keep({ id, privateKey, rpId, signCount, userHandle }) {
      const bytes = (text: string) => Buffer.from(text, 'base64url').toString('base64')
      await session.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: {
          credentialId: bytes(id),
          isResidentCredential: true,
          rpId,
          privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
          userHandle: bytes(userHandle),
          signCount,
        },
      })
    },
    async setVerified(isUserVerified) {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    async setPresent(enabled) {
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    async kept() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.map(({ credentialId }) => credentialId)
    },
  }
}
