/** The items of OWASP ASVS 5.0, chapters 6, 7 and 10, whose verdict needs a reason: what a test title cannot say. */

export interface Judged {
  /** What the item asks, in our words. */
  readonly asks: string
  readonly verdict: 'met' | 'not met' | 'not applicable'
  readonly reason: string
}

/** Held by the row of the hazard catalogue. */
const by = (asks: string, row: string): Judged => ({ asks, verdict: 'met', reason: `${row} of [hazards](hazards.md)` })
const met = (asks: string, reason: string): Judged => ({ asks, verdict: 'met', reason })
const notMet = (asks: string, reason: string): Judged => ({ asks, verdict: 'not met', reason })
const notApplicable = (asks: string, reason: string): Judged => ({ asks, verdict: 'not applicable', reason })

const OWN_WORDS = 'A person’s own name and address count against a password, but there is no list of further words.'
const FAPI2_ALONE = 'Required of clients with the profile `fapi2` only; every other client may do it.'

export const ASVS_REASONS: Readonly<Record<string, Judged>> = {
  '6.1.2': notMet('Words of the context that no password should hold are documented.', OWN_WORDS),
  '6.2.11': notMet('Such words are refused in passwords.', OWN_WORDS),
  '6.3.3': notMet(
    'Two factors, or one that counts for two, must be used.',
    'An app can demand them (`acr_values`), and people can set them up. The server cannot yet demand them of everybody.',
  ),
  '6.3.5': met(
    'People are told of attempts that look suspicious.',
    'Mails tell of a sign-in with a new browser ([test/interactions/new-browser.test.ts](../../test/interactions/new-browser.test.ts)), a used recovery code, a second factor that was locked and a passkey that has changed ([test/account-portal/changed-passkeys.test.ts](../../test/account-portal/changed-passkeys.test.ts)).',
  ),
  '6.4.5': notApplicable(
    'People are reminded before a way to sign in expires.',
    'Passwords, passkeys, authenticator apps and recovery codes do not expire.',
  ),
  '6.5.2': notMet(
    'Recovery codes of less than 112 bits are kept like passwords, salted and slow.',
    'They have 60 bits and are kept as digests under a key that is not in the database: without it a dump cannot be guessed.',
  ),
  '6.5.5': notMet(
    'Codes by mail live ten minutes at most, codes by time 30 seconds.',
    'Codes by mail do. A code by time is also taken one step before and after its own, for clocks that differ (RFC 6238 §5.2).',
  ),
  '6.5.7': met(
    'A biometric counts only together with something one has or knows.',
    'A fingerprint or a face only unlocks a passkey on the device that holds it. The server never sees one.',
  ),
  '6.6.1': notApplicable('Codes by phone or SMS are restricted.', 'There are none.'),
  '6.6.4': notApplicable('Push notifications are limited.', 'There are none.'),
  '6.7.1': notApplicable(
    'Certificates that verify assertions are protected from change.',
    'Passkeys are verified by their public keys. No attestation is asked for, so there are no certificates.',
  ),
  '6.8.3': notApplicable('SAML assertions are used once.', 'SAML is not supported.'),
  '7.2.4': notMet(
    'A sign-in, also a repeated one, gives a new session token and ends the old.',
    'After a repeated sign-in of the same person the old token stays valid for 30 seconds, for a second tab that comes back at the same moment.',
  ),
  '7.5.2': notMet(
    'People see their sessions and, after another proof, can end them.',
    'Ending a session needs no further proof: it only takes access away, and must be quick when a device was stolen.',
  ),
  '10.1.1': met(
    'Tokens go only to what needs them.',
    'Tokens are given to the client that redeems the code. The pages of the server itself work with a session cookie.',
  ),
  '10.1.2': met(
    'As a client of upstream providers: only answers to a request of the same browser are taken.',
    'State, nonce and PKCE verifier are random, for one request and one browser: [test/federation/refusals.test.ts](../../test/federation/refusals.test.ts).',
  ),
  '10.2.1': met('As a client: forged answers do not lead to token requests.', 'State and PKCE, as in 10.1.2.'),
  '10.2.2': met(
    'As a client of several providers: no mix-up.',
    'Each provider has a redirect URI of its own, or its answers name their issuer (RFC 9207): [test/federation/answers.test.ts](../../test/federation/answers.test.ts). The issuer of the ID token is always checked.',
  ),
  '10.2.3': met(
    'As a client: only the scopes that are needed are asked for.',
    'The administrator sets the scopes of each provider.',
  ),
  '10.3.1': met(
    'An API takes only tokens for itself.',
    'The admin API and `signet/resource-server` check `aud`: [test/resource-server/access-tokens.test.ts](../../test/resource-server/access-tokens.test.ts).',
  ),
  '10.3.2': met(
    'An API decides by the claims of the token.',
    'Each route of the admin API needs its scope: [test/admin/guard.test.ts](../../test/admin/guard.test.ts).',
  ),
  '10.3.3': met(
    'An API knows people by claims that are never given to others.',
    '`iss` and `sub`; the id of an account is never used again.',
  ),
  '10.3.4': met(
    'An API that needs a strong or recent sign-in checks it.',
    '`acr` and `auth_time`: [test/resource-server/sign-in.test.ts](../../test/resource-server/sign-in.test.ts).',
  ),
  '10.3.5': notMet(
    'An API takes only tokens that are bound to their sender.',
    'The admin API takes bearer tokens. `signet/resource-server` can demand DPoP.',
  ),
  '10.4.1': by('Redirect URIs are registered and compared exactly.', 'R72'),
  '10.4.2': by('A code works once, and its reuse ends what it gave.', 'R73'),
  '10.4.3': by('A code lives a minute.', 'R74'),
  '10.4.4': by('A client has only the grants that it needs.', 'R75'),
  '10.4.5': by('The replay of refresh tokens is countered.', 'R76'),
  '10.4.6': by('PKCE is demanded and checked, and `plain` is refused.', 'R77'),
  '10.4.7': by('Clients that register themselves are distrusted.', 'X6'),
  '10.4.8': by('Refresh tokens end at an age.', 'R78'),
  '10.4.10': by('Confidential clients authenticate at every back channel.', 'R70'),
  '10.4.11': by('A client gets only the scopes that it was registered for.', 'R79'),
  '10.4.12': by('A client gets its answer only in the response modes that it was registered for.', 'R71'),
  '10.4.13': notMet('Every code flow begins with a pushed request.', FAPI2_ALONE),
  '10.4.14': notMet('All access tokens are bound to their sender.', FAPI2_ALONE),
  '10.4.15': notApplicable(
    '`authorization_details` come from the backend of the client.',
    'Rich authorization requests are not supported.',
  ),
  '10.4.16': notMet(
    'Clients are confidential and authenticate by keys.',
    'Required of clients with the profile `fapi2` only; public clients and client secrets exist.',
  ),
  '10.5.1': met(
    'As a client: an ID token answers one request.',
    'The nonce is checked: [test/federation/refusals.test.ts](../../test/federation/refusals.test.ts).',
  ),
  '10.5.2': met(
    'As a client: people are known by a claim that is never given to others.',
    'Issuer and `sub`, as in 6.8.1.',
  ),
  '10.5.3': met(
    'As a client: metadata must name the issuer that is expected.',
    'It is compared exactly: [test/federation/refusals.test.ts](../../test/federation/refusals.test.ts).',
  ),
  '10.5.4': met(
    'As a client: an ID token must be for this client.',
    '`aud` is checked: [test/federation/refusals.test.ts](../../test/federation/refusals.test.ts).',
  ),
  '10.5.5': notApplicable(
    'As a client: logout tokens are checked.',
    'Sign-outs of upstream providers are not received by the back channel.',
  ),
  '10.6.1': by('Code is the only response type.', 'R83'),
  '10.6.2': by('Nobody is signed out by force.', 'R84'),
}
