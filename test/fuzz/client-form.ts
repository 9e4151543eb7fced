/** Forms that clients send to endpoints for programs. */
import { assertionParams } from '../support/assertion.ts'
import type { Draft } from './draft.ts'
import type { Machine, Stage } from './stage.ts'

/** A form that a client sends, with an assertion of its own. */
export async function clientForm(
  stage: Stage,
  { client, path, name = path }: { client: Machine; path: string; name?: string },
  params: Readonly<Record<string, string>>,
): Promise<Draft> {
  const own = await assertionParams({ issuer: stage.server.issuer, clientId: client.id, key: client.key })
  const form = Object.entries({ ...own, ...params })
  return { name, method: 'POST', path, query: [], headers: [], form, keys: { client_assertion: client.key } }
}
