/** Finds the clients whose ids are addresses of client metadata documents, and keeps what is known of the documents. */
import type { AuditContext } from '#audit/audit.ts'
import { notify } from '#database/notify.ts'
import { CLIENTS_CHANNEL, recordAndNotify } from '../client-changes.ts'
import type { Client } from '../client.ts'
import { ClientDocumentNotKnown, ClientDocumentRefused } from '../errors.ts'
import { documentIdFault } from './document-id.ts'
import { createDocumentStore, type DocumentState } from './document-store.ts'
import { createRefresh, isUsable, type RefreshDeps } from './refresh.ts'

/** Longer than a document is fresh at most, and an interaction after that. */
const UNUSED_AFTER_MS = 26 * 3600 * 1000
const BATCH = 1000

/** What an administrator decides about client documents. */
export interface DocumentRules {
  /** `auto`: accepted while any resource is open to every client. */
  readonly mode: 'auto' | 'on' | 'off'
  /** Hosts that documents may be at; empty for all. `*.example.com` means the hosts below example.com. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export interface ClientDocumentsDeps extends RefreshDeps {
  readonly rules: () => DocumentRules
  /** Returns the resources that are open to every client. */
  readonly openResources: () => Promise<readonly string[]>
  /** Whether documents of a host may be fetched over plain http. */
  readonly allowHttp: (host: string) => boolean
}

/** Who asks for a client. */
export interface Asker {
  readonly address: string | undefined
  /** Whether the document is fetched for this request, when it is not known or no longer fresh. */
  readonly mayFetch: boolean
}

/** Errors: ClientDocumentRefused 400, ClientDocumentNotKnown 404, TooManyDocuments 429, TooMuchWritten 429. */
export interface ClientDocuments {
  /** Whether documents are accepted at all. */
  isOffered(): Promise<boolean>
  /**
   * Returns the client of a document, also when it is disabled. Undefined when its document is not known and may not be
   * fetched. Concurrent calls on all nodes share one fetch.
   */
  find(id: string, asker: Asker): Promise<Client | undefined>
  state(id: string): Promise<DocumentState>
  /** Fetches a known document now, for all nodes. If that fails, the state says why. */
  refetch(id: string, by: AuditContext): Promise<DocumentState>
  /** Removes documents that nobody used. Returns their number. */
  removeUnused(): Promise<number>
}

export function createClientDocuments(deps: ClientDocumentsDeps): ClientDocuments {
  const { clients, clock, db } = deps
  const store = createDocumentStore(db)
  const refresh = createRefresh(deps)

  const { isOffered, assertAccepted } = createAcceptance(deps)

  async function state(id: string): Promise<DocumentState> {
    const known = id.length > 512 ? undefined : await store.read(id)
    if (!known) throw new ClientDocumentNotKnown(id)
    return known
  }

  return {
    isOffered,
    state,
    async find(id, asker) {
      await assertAccepted(id)
      const known = await clients.find(id)
      const isFresh = known?.document !== undefined && clock.now() < known.document.nextAt
      if (known && (known.status === 'disabled' || (isFresh && isUsable(known, clock.now())))) return known
      if (!asker.mayFetch) return known && isUsable(known, clock.now()) ? known : undefined
      return refresh(id, known, asker.address)
    },
    async refetch(id, by) {
      await state(id)
      await assertAccepted(id)
      await db.transaction(async (trx) => {
        await createDocumentStore(trx).expire(id, clock.now())
        await recordAndNotify(deps, trx, { type: 'client.document_refetched', by, id })
      })
      clients.forget(id)
      // what is wrong is in the state
      await refresh(id, await clients.read(id), undefined).catch((error: unknown) => {
        if (!(error instanceof ClientDocumentRefused)) throw error
      })
      return state(id)
    },
    async removeUnused() {
      const removed = await store.removeUnused(new Date(clock.now().getTime() - UNUSED_AFTER_MS), BATCH)
      for (const id of removed) {
        clients.forget(id)
        await notify(db, CLIENTS_CHANNEL, id)
      }
      return removed.length
    },
  }
}

/** Decides which documents are accepted, before anything is fetched. */
function createAcceptance(deps: ClientDocumentsDeps) {
  async function isOffered(): Promise<boolean> {
    const { mode } = deps.rules()
    return mode === 'on' || (mode === 'auto' && (await deps.openResources()).length > 0)
  }

  async function assertAccepted(id: string): Promise<void> {
    if (!(await isOffered())) throw ClientDocumentRefused.notAccepted('this server accepts no client documents')
    const fault = documentIdFault(id, deps.allowHttp)
    if (fault !== undefined) throw ClientDocumentRefused.notAccepted(`the client_id of a document must be ${fault}`)
    if (!isHostAccepted(new URL(id).hostname, deps.rules())) {
      throw ClientDocumentRefused.notAccepted(`this server accepts no client documents of ${new URL(id).hostname}`)
    }
    // an access token for the resource would have the audience of the client's ID tokens
    if (await deps.findResource(id)) throw ClientDocumentRefused.notAccepted(`${id} is a resource, not a client`)
  }

  return { isOffered, assertAccepted }
}

function isHostAccepted(host: string, { allow, deny }: DocumentRules): boolean {
  const isOneOf = (patterns: readonly string[]) => patterns.some((pattern) => isHostOf(host, pattern))
  return !isOneOf(deny) && (allow.length === 0 || isOneOf(allow))
}

function isHostOf(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}
