/** Chromium's own authenticator in a page of a test: keeps passkeys and answers for a person who is always there. */
import type { CDPSession, Page } from 'playwright-core'
import type { SoftwarePasskey } from './authenticator.ts'

export interface VirtualAuthenticator {
  /** Puts a passkey of the tests into it. */
  keep(passkey: SoftwarePasskey): Promise<void>
  /** Whether the person can be verified: by a finger, a face, a PIN. */
  setVerified(isVerified: boolean): Promise<void>
  /** Whether it answers by itself, as when the person agrees at once. */
  setPresent(isPresent: boolean): Promise<void>
  /** Ids in base64 of what it keeps. */
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
