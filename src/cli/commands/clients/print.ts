/** Prints a client for a terminal. */
import type { Document } from '../../admin-client.ts'
import type { CliContext } from '../../context.ts'
import { moment, print, printDetails } from '../../output.ts'

export function printClient(context: CliContext, client: Document, files: { key?: string | undefined } = {}): void {
  const issuedAt = Number(client.client_id_issued_at)
  printDetails(context, [
    ['client id', client.client_id],
    ['client secret', client.client_secret],
    ['private key', files.key],
    ['name', client.client_name],
    ['profile', client.signet_profile],
    ['authenticates by', client.token_endpoint_auth_method],
    ['public keys', keysOf(client)],
    ['grants', stringsOf(client.grant_types).join(' ')],
    ['redirect URIs', stringsOf(client.redirect_uris)],
    ['after sign-out', stringsOf(client.post_logout_redirect_uris)],
    ['origins', stringsOf(client.signet_origins)],
    ['scopes', client.scope],
    ['may have', allowancesOf(client)],
    ['default resource', client.signet_default_resource],
    ['PKCE', client.signet_pkce],
    ['assertion audience', client.signet_assertion_audience],
    ['introspects', client.signet_introspect ? 'tokens of others' : undefined],
    ['origin', client.signet_client_origin],
    ['status', client.signet_status],
    ['registered', Number.isFinite(issuedAt) ? moment(new Date(issuedAt * 1000).toISOString()) : undefined],
  ])
  if (client.client_secret !== undefined) {
    print(context, '', 'The secret is shown this once and kept nowhere: store it now.')
  }
  if (files.key !== undefined) {
    print(
      context,
      '',
      `The private key is in ${files.key} and nowhere else: keep it where only the client can read it.`,
    )
  }
}

function keysOf(client: Document): string[] {
  const { keys } = (client.jwks ?? {}) as { keys?: { kid?: string; kty?: string; alg?: string }[] }
  if (!Array.isArray(keys)) return typeof client.jwks_uri === 'string' ? [client.jwks_uri] : []
  return keys.map(({ kid, kty, alg }) => `${kid ?? 'without kid'}  ${alg ?? kty ?? ''}`.trim())
}

function allowancesOf(client: Document): string[] {
  if (!Array.isArray(client.signet_allow)) return []
  const allowances = client.signet_allow as { resource: string; scopes: string[] }[]
  return allowances.map(({ resource, scopes }) => `${resource}  ${scopes.join(' ')}`)
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
