/** Members of the discovery documents that the engine does not know, or that depend on settings and resources. */
import type { Context, Middleware, Next } from 'koa'
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

/** What the document says besides the engine's members. It is written anew only when one of these is another value. */
interface Ingredients {
  readonly canRegister: boolean
  readonly clientsRegister: boolean
  readonly detailsTypes: readonly string[]
  readonly openResources: readonly string[]
  readonly takesDocuments: boolean
}

type Stored = Pick<Ingredients, 'detailsTypes' | 'openResources' | 'takesDocuments'>

/** The document as it is sent. */
interface Written {
  readonly from: Ingredients
  readonly text: string
  /** Those that every answer has, whoever asks. */
  readonly headers: Readonly<Record<string, string>>
}

const HEADERS = ['Content-Type', 'Cache-Control', 'Vary', 'Access-Control-Allow-Origin'] as const

export function completeDiscovery(deps: DiscoveryDeps): Middleware {
  let stored: Stored = { detailsTypes: [], openResources: [], takesDocuments: false }
  let written: Written | undefined

  async function ingredients(): Promise<Ingredients> {
    try {
      stored = await readStored(deps)
    } catch (error) {
      // discovery goes on without the database: with the members of the last request
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    const clientsRegister = deps.settings.current().client_registration.mode !== 'off'
    return { ...stored, canRegister: deps.canRegister(), clientsRegister }
  }

  async function answer(ctx: Context, next: Next): Promise<void> {
    const from = await ingredients()
    const known = written !== undefined && isSame(written.from, from) ? written : undefined
    // the engine may add headers for a page of another origin
    if (known !== undefined && ctx.method === 'GET' && ctx.get('origin') === '') {
      ctx.set(known.headers)
      ctx.body = known.text
      return
    }
    await next()
    if (ctx.status !== 200) return
    written = known ?? write(ctx, deps.issuer, from)
    ctx.body = written.text
  }

  return (ctx, next) => (DISCOVERY_PATHS.some((path) => path === ctx.path) ? answer(ctx, next) : next())
}

function write(ctx: Context, issuer: string, from: Ingredients): Written {
  const document = { ...(ctx.body as object), ...NOT_OFFERED, ...membersOf(issuer, from) }
  const headers = Object.fromEntries(HEADERS.map((name) => [name, ctx.response.get(name)]))
  return { from, text: JSON.stringify(document), headers }
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
