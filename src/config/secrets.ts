/** The settings that must never be logged or shown. */
export interface Secrets {
  /** Undefined with the embedded database. */
  readonly databaseUrl: string | undefined
  readonly databaseDirectUrl: string | undefined
  /** 32 bytes each; the first seals, all open. Empty only where `loadConfig` was told to leave them out. */
  readonly masterKeys: readonly Uint8Array[]
  readonly firstAdminPassword: string | undefined
  readonly smtpUrl: string | undefined
  readonly tracingHeaders: string | undefined
}
