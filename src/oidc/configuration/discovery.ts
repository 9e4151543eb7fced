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

/** What the document says besides the engine's members. It is written anew only when one of these is another value. */
interface Ingredients {
  readonly canRegister: boolean
  readonly clientsRegister: boolean
  readonly detailsTypes: readonly string[]
  readonly openResources: readonly string[]
  readonly takesDocuments: boolean
}

type Stored = Pick<Ingredients, 'detailsTypes' | 'openResources' | 'takesDocuments'>

export function completeDiscovery(deps: DiscoveryDeps): Middleware {
  let stored: Stored = { detailsTypes: [], openResources: [], takesDocuments: false }
  let written: { readonly from: Ingredients; readonly text: string } | undefined

  return async (ctx, next) => {
    await next()
    if (ctx.status !== 200 || !DISCOVERY_PATHS.some((path) => path === ctx.path)) return
    try {
      stored = await readStored(deps)
    } catch (error) {
      // discovery goes on without the database: with the members of the last request
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    const { canRegister, issuer, settings } = deps
    const clientsRegister = settings.current().client_registration.mode !== 'off'
    const from = { ...stored, canRegister: canRegister(), clientsRegister }
    if (written === undefined || !isSame(written.from, from)) {
      const document = { ...(ctx.body as object), ...NOT_OFFERED, ...CIBA, ...membersOf(issuer, from) }
      written = { from, text: JSON.stringify(document) }
    }
    ctx.body = written.text
  }
}

async function readStored({ documents, resources }: DiscoveryDeps): Promise<Stored> {
  return {
    detailsTypes: await resources.allDetailsTypes(),
    openResources: await resources.open(),
    takesDocuments: await documents.isOffered(),
  }
}

function isSame(one: Ingredients, other: Ingredients): boolean {
  return (Object.keys(one) as (keyof Ingredients)[]).every((name) => one[name] === other[name])
}

function membersOf(issuer: string, from: Ingredients): Members {
  const { canRegister, clientsRegister, detailsTypes, openResources, takesDocuments } = from
  return {
    // Initiating User Registration 1.0 §4.1
    prompt_values_supported: ['none', ...PROMPTS.filter((prompt) => prompt !== CREATE || canRegister)],
    // RFC 8414 §2
    registration_endpoint: clientsRegister ? issuer + ROUTES.registration : undefined,
    // RFC 9396 §10
    authorization_details_types_supported: detailsTypes.length > 0 ? detailsTypes : undefined,
    // draft-ietf-oauth-client-id-metadata-document §5
    client_id_metadata_document_supported: takesDocuments || undefined,
    // RFC 9728 §4: those that anyone can ask for; the others are nobody's business
    protected_resources: openResources.length > 0 ? openResources : undefined,
  }
}
