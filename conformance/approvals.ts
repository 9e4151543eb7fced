/**
 * The approval URL of the FAPI-CIBA plans, which the suite calls in place of a person with a telephone: signs in to the
 * account page over HTTP as the person does, opens the newest request, and presses the button.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { person, type Person as Browser } from '../test/support/person.ts'
import type { Person } from './browser.ts'
import type { ConformanceOptions } from './options.ts'

/** The suite's word for a decision, and the value of the button. */
const DECISIONS: Readonly<Record<string, string>> = { allow: 'allow', deny: 'deny' }
const WAITING = /href="([^"]*\/account\/requests\/[^"]+)"/

/** Returns the URL for the requests to a person; the suite fills in `{auth_req_id}` and `{action}`. */
export function approvalUrl({ host, ports }: ConformanceOptions, { email }: Person): string {
  return `http://${host}:${ports.approval}/${encodeURIComponent(email)}?auth_req_id={auth_req_id}&action={action}`
}

/** Starts the listener. `people`: those for whom it answers. */
export async function startApprovals(
  { listen, ports }: ConformanceOptions,
  issuer: string,
  people: readonly Person[],
): Promise<Server> {
  const browsers = new Map(people.map((who) => [who.email, { who, browser: person(() => ({ issuer, fetch })) }]))

  async function answer(url: URL): Promise<{ status: number; body: object }> {
    const found = browsers.get(decodeURIComponent(url.pathname.slice(1)))
    const decision = DECISIONS[url.searchParams.get('action') ?? '']
    if (!found) return { status: 404, body: { error: 'there is no such person' } }
    if (decision === undefined) return { status: 400, body: { error: 'action must be allow or deny' } }
    return (await decide(found.browser, found.who, issuer, decision))
      ? { status: 200, body: { decision } }
      : { status: 404, body: { error: 'no request waits for the person' } }
  }

  async function respond({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await answer(new URL(url, 'http://localhost')).catch((error: unknown) => ({
      status: 500,
      body: { error: String(error) },
    }))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  const server = createServer((request, response) => void respond(request, response))
  server.listen(ports.approval, listen)
  await once(server, 'listening')
  return server
}

/** Returns false when no request waits. Throws when the answer is refused. */
async function decide(browser: Browser, who: Person, issuer: string, decision: string): Promise<boolean> {
  const open = () => browser.visit(`${issuer}/account/requests`)
  let page = await open()
  if (page.html.includes('name="password"')) {
    await browser.submit(page, { identifier: who.email, password: who.password })
    page = await open()
  }
  const [, path] = WAITING.exec(page.html) ?? []
  if (path === undefined) return false
  const request = await browser.visit(new URL(path, issuer).href)
  const { status, url } = await browser.submit(request, {}, { name: 'decision', value: decision })
  if (status >= 400) throw new Error(`${url} answered ${status}`)
  return true
}
