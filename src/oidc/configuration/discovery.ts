/** Members of the discovery documents that the engine does not know, or that depend on settings and resources. */
import type { Middleware } from 'koa'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { DISCOVERY_PATHS, ROUTES } from '../engine/routes.ts'
import type { RequestRules } from './authorization-request.ts'
import { CREATE, PROMPTS } from './interaction-policy.ts'

export interface DiscoveryDeps extends Pick<RequestRules, 'canRegister'> {
  readonly issuer: string
  readonly settings: Pick<Settings, 'current'>
  readonly documents: Pick<ClientDocuments, 'isOffered'>
  readonly resources: Pick<Resources, 'allDetailsTypes' | 'open'>
}

type Members = Readonly<Record<string, unknown>>

/** The engine names them with the encryption of answers, as empty lists. */
const NOT_OFFERED = {
  request_object_encryption_alg_values_supported: undefined,
  request_object_encryption_enc_values_supported: undefined,
}

/** CIBA Core 1.0 §4. */
const CIBA = { backchannel_user_code_parameter_supported: false }

export function completeDiscovery(deps: DiscoveryDeps): Middleware {
  let stored: Members = {}

  return async (ctx, next) => {
    await next()
    if (ctx.status !== 200 || !DISCOVERY_PATHS.some((path) => path === ctx.path)) return
    try {
      stored = await storedMembers(deps)
    } catch (error) {
      // discovery goes on without the database: with the members of the last request
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    Object.assign(ctx.body as object, NOT_OFFERED, CIBA, settingMembers(deps), stored)
  }
}

function settingMembers({ canRegister, issuer, settings }: DiscoveryDeps): Members {
  const isOn = settings.current().client_registration.mode !== 'off'
  return {
    // Initiating User Registration 1.0 §4.1
    prompt_values_supported: ['none', ...PROMPTS.filter((prompt) => prompt !== CREATE || canRegister())],
    // RFC 8414 §2
    registration_endpoint: isOn ? issuer + ROUTES.registration : undefined,
  }
}

async function storedMembers({ documents, resources }: DiscoveryDeps): Promise<Members> {
  const [types, open, isOffered] = [
    await resources.allDetailsTypes(),
    await resources.open(),
    await documents.isOffered(),
  ]
  return {
    // RFC 9396 §10
    authorization_details_types_supported: types.length > 0 ? types : undefined,
    // draft-ietf-oauth-client-id-metadata-document §5
    client_id_metadata_document_supported: isOffered || undefined,
    // RFC 9728 §4: those that anyone can ask for; the others are nobody's business
    protected_resources: open.length > 0 ? open : undefined,
  }
}
