/** The engine's features that are on, and their policies. */
import type { Client as EngineClient, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Config } from '#config/config.ts'
import { allowsOrigin } from '#clients/document.ts'
import { PROFILES } from '#clients/profiles.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { clientOf } from '../engine/clients.ts'
import { assertClaimsParameter } from './claims-parameter.ts'
import type { EnginePages } from '../interactions/interaction-gateway.ts'
import { ciba, type CibaDeps } from '../grants/ciba/feature.ts'
import { deviceFlow, type DeviceFlowDeps } from '../grants/device/feature.ts'
import type { Grants } from '../grants/registry.ts'
import type { ResourceRequests } from '../grants/resource-requests.ts'
import { signOutAtOnce } from '../sign-out/sign-out.ts'
import { richAuthorizationRequests } from './authorization-details.ts'
import { mutualTls } from './mutual-tls.ts'
import { type RequestObjectDeps, requestObjects } from './request-objects.ts'
import { resourceIndicators } from './resources.ts'

type Features = NonNullable<Configuration['features']>

export interface FeatureDeps
  extends RequestObjectDeps, CibaDeps, Pick<DeviceFlowDeps, 'clients' | 'deviceRefused' | 'lost'> {
  readonly mtls: Config['mtls']
  readonly grants: Grants
  readonly requests: ResourceRequests
  readonly pages: EnginePages
  readonly keyring: Keyring
  readonly subjects: Subjects
}

export function features(deps: FeatureDeps): Features {
  const { grants, requests, pages, keyring, subjects } = deps
  return {
    devInteractions: { enabled: false },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    claimsParameter: { enabled: true, assertClaimsParameter },
    ...grantFeatures(grants, { ciba: ciba(deps), deviceFlow: deviceFlow(deps) }),
    // shared, so that every node accepts the nonces of the others
    dPoP: { enabled: true, nonceSecret: keyring.deriveLasting('dpop-nonce') },
    mTLS: mutualTls(deps.mtls),
    fapi: { enabled: true, profile: (_ctx, client) => client && PROFILES[clientOf(client).profile].fapi },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: requestObjects(deps),
    jwtResponseModes: { enabled: true },
    jwtIntrospection: { enabled: true },
    resourceIndicators: resourceIndicators(requests, grants),
    richAuthorizationRequests: richAuthorizationRequests(requests),
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
    introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => mayIntrospect(client, token) },
    // its deliveries are ours: see engine/patches/backchannel-logout.ts
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      async logoutSource(ctx, form) {
        if (!(await signOutAtOnce(ctx, subjects))) await pages.signOut(ctx, form)
      },
      postLogoutSuccessSource: (ctx) => pages.signedOut(ctx, ctx.oidc.client?.clientName),
    },
    // for published keys that do not sign (next, retired): the engine gets no private part of them
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
  }
}

type GrantFeatures = Pick<Features, 'clientCredentials' | 'deviceFlow' | 'ciba'>

/** Turns on the features of the grants; `settings` has what they need beside that. */
function grantFeatures({ rows }: Grants, settings: GrantFeatures): GrantFeatures {
  const names = rows.flatMap((grant) => (grant.authorize === undefined ? (grant.engineFeature ?? []) : []))
  return Object.fromEntries(names.map((name) => [name, { ...settings[name], enabled: true }]))
}

/** Returns whether a confidential client may introspect a token: its own, or any if it is registered for that. */
async function mayIntrospect(client: EngineClient, token: { clientId?: string | undefined }): Promise<boolean> {
  if (client.clientAuthMethod === 'none') return false
  return token.clientId === client.clientId || clientOf(client).metadata['signet_introspect'] === true
}

/** Allows cross-origin requests only from the origins of a browser app. */
export function clientBasedCors(_ctx: KoaContextWithOIDC, origin: string, client: EngineClient): boolean {
  return allowsOrigin(clientOf(client), origin)
}
