/** Applies every patch of the engine: changes that its configuration has no setting for, one file each. */
import type Provider from 'oidc-provider'
import { nameRegisteredMethod } from './patches/auth-method.ts'
import { answerRequestedAcr } from './patches/answered-acr.ts'
import { refuseApiTokensAtUserinfo } from './patches/api-tokens-at-userinfo.ts'
import { type BackchannelRequestDeps, storeBackchannelRequests } from './patches/backchannel-requests.ts'
import { sendNoLogoutTokens } from './patches/backchannel-logout.ts'
import { type AssertionDeps, judgeAssertions } from './patches/client-assertion.ts'
import { type KeysOfClients, tendKeyStores } from './patches/client-key-store.ts'
import { type ClientLookupDeps, replaceClientLookup } from './patches/client-lookup.ts'
import { findDetailsTypes } from './patches/details-types.ts'
import { widenClockTolerance } from './patches/clock-tolerance.ts'
import { type DeadTokensDeps, hideDeadTokens } from './patches/dead-tokens.ts'
import { decideDevicesOnce, type DeviceDecisionDeps } from './patches/device-decisions.ts'
import { signAnswers, type SignedAnswerDeps } from './patches/jwt-response-modes.ts'
import { acceptEmptySecrets } from './patches/empty-secret.ts'
import { type FormPostDeps, postByOurPage } from './patches/form-post.ts'
import { type IdTokenHintDeps, verifyIdTokenHints } from './patches/id-token-hint.ts'
import { widenLoopbackHosts } from './patches/loopback-hosts.ts'
import { type PollDeps, slowPollsDown } from './patches/polling.ts'
import { refusePkceDowngrade } from './patches/pkce-downgrade.ts'
import { explainInvalidRequests } from './patches/refusal-sentences.ts'
import { type ReplayDeps, reserveIdentifiers } from './patches/replay-detection.ts'
import { judgeRequestObjects } from './patches/request-object.ts'
import { usePushedRequestsOnce } from './patches/pushed-request-once.ts'
import { spellResources } from './patches/resource-spelling.ts'
import { deriveSessionIds } from './patches/session-ids.ts'
import { keepProofTimes } from './patches/session-proofs.ts'
import { joinScopesByOneBlank } from './patches/scope-blanks.ts'
import { endSessionsByUid, type SessionEndDeps } from './patches/session-end.ts'
import { findStructuredTokens, type StructuredTokenDeps } from './patches/structured-tokens.ts'
import { encryptResponses } from './patches/response-encryption.ts'
import { refuseUnauthorizedClients } from './patches/unauthorized-client.ts'
import { makeUrlsFromIssuer } from './patches/urls-from-issuer.ts'
import type { ResourceRequests } from '../grants/resource-requests.ts'

export interface PatchDeps
  extends
    AssertionDeps,
    BackchannelRequestDeps,
    ClientLookupDeps,
    DeadTokensDeps,
    DeviceDecisionDeps,
    FormPostDeps,
    IdTokenHintDeps,
    PollDeps,
    ReplayDeps,
    SessionEndDeps,
    StructuredTokenDeps {
  readonly clients: ClientLookupDeps['clients']
  readonly pages: FormPostDeps['pages'] & SignedAnswerDeps['pages']
  readonly clientKeys: KeysOfClients
  readonly requests: ResourceRequests
}

interface Patch {
  /** The file in `patches/`. Its header says what the patch changes, why, and which test covers it. */
  readonly file: string
  readonly apply: (provider: Provider, deps: PatchDeps) => void
}

/** In the order in which they are applied. The hooks around `Client.find` run in this order too. */
export const PATCHES: readonly Patch[] = [
  { file: 'loopback-hosts.ts', apply: widenLoopbackHosts },
  { file: 'urls-from-issuer.ts', apply: makeUrlsFromIssuer },
  { file: 'clock-tolerance.ts', apply: widenClockTolerance },
  { file: 'client-lookup.ts', apply: replaceClientLookup },
  { file: 'client-key-store.ts', apply: tendKeyStores },
  { file: 'resource-spelling.ts', apply: spellResources },
  // first of those that change how `params` is set
  { file: 'scope-blanks.ts', apply: joinScopesByOneBlank },
  { file: 'empty-secret.ts', apply: acceptEmptySecrets },
  { file: 'auth-method.ts', apply: nameRegisteredMethod },
  { file: 'client-assertion.ts', apply: judgeAssertions },
  { file: 'replay-detection.ts', apply: reserveIdentifiers },
  { file: 'unauthorized-client.ts', apply: refuseUnauthorizedClients },
  { file: 'pkce-downgrade.ts', apply: refusePkceDowngrade },
  { file: 'structured-tokens.ts', apply: findStructuredTokens },
  { file: 'api-tokens-at-userinfo.ts', apply: refuseApiTokensAtUserinfo },
  { file: 'dead-tokens.ts', apply: hideDeadTokens },
  { file: 'session-end.ts', apply: endSessionsByUid },
  { file: 'request-object.ts', apply: judgeRequestObjects },
  { file: 'pushed-request-once.ts', apply: usePushedRequestsOnce },
  { file: 'id-token-hint.ts', apply: verifyIdTokenHints },
  { file: 'form-post.ts', apply: postByOurPage },
  // after form-post: a signed answer goes by the mode that is there then
  { file: 'jwt-response-modes.ts', apply: signAnswers },
  { file: 'refusal-sentences.ts', apply: explainInvalidRequests },
  { file: 'session-proofs.ts', apply: keepProofTimes },
  { file: 'session-ids.ts', apply: deriveSessionIds },
  { file: 'backchannel-logout.ts', apply: sendNoLogoutTokens },
  { file: 'polling.ts', apply: slowPollsDown },
  { file: 'device-decisions.ts', apply: decideDevicesOnce },
  { file: 'backchannel-requests.ts', apply: storeBackchannelRequests },
  { file: 'answered-acr.ts', apply: answerRequestedAcr },
  { file: 'response-encryption.ts', apply: encryptResponses },
  { file: 'details-types.ts', apply: findDetailsTypes },
]

export function applyPatches(provider: Provider, deps: PatchDeps): void {
  for (const { apply } of PATCHES) apply(provider, deps)
}
