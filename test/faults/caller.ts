/** Sends the operations of the load, each recorded with what came of it, and asks again as a client does. */
import { setTimeout as delay } from 'node:timers/promises'
import type { RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import type { Reachable } from '../support/server.ts'
import { type Answer, type History, type Kind, type Operation, type Outcome, outcomeOf } from './history.ts'
import type { World } from './world.ts'

/** No answer after this long is a hang, which nothing may cause. */
const HANG_MS = 15_000
/** How long something is asked again and again once the load was told to stop. */
const PATIENCE_MS = 20_000

export interface Sent {
  readonly kind: Kind
  readonly path: string
  readonly method?: string
  readonly form?: Record<string, string>
  readonly json?: unknown
  readonly headers?: Record<string, string>
  readonly presented?: string
  readonly subject?: string
}

export interface Called {
  readonly outcome: Outcome
  readonly status: number | undefined
  readonly body: Record<string, unknown>
  readonly ms: number
}

export interface Caller {
  readonly random: () => number
  readonly goesOn: () => boolean
  /** Which process the balancer gives. */
  node(): number
  /** The process as something to fetch from, with a limit in time. */
  reach(node: number): Reachable
  send(node: number, sent: Sent): Promise<Called>
  /** Records an operation that was not sent by `send`. */
  record(operation: Operation): void
  /** Sends until there is an answer that tells what happened, each time where the balancer says. */
  untilAnswered(make: () => Sent | Promise<Sent>): Promise<Called>
  /** Client authentication for a back channel. */
  authenticated(client: RegisteredClient): Promise<Record<string, string>>
  /** Something that no fault may cause, seen by whoever sent the operations. */
  complain(invariant: string, what: string): void
  think(): Promise<void>
}

export interface CallerDeps {
  readonly world: World
  readonly history: History
  readonly random: () => number
  /** When the load was told to stop, or undefined. */
  readonly stoppedAt: () => number | undefined
  readonly complain: Caller['complain']
}

export function createCaller({ world, history, random, stoppedAt, complain }: CallerDeps): Caller {
  async function send(node: number, sent: Sent): Promise<Called> {
    const start = performance.now()
    const { answer, body } = await ask(reach(node), sent)
    const end = performance.now()
    if (answer === undefined) {
      world.balancer.refused(node)
      if (end - start >= HANG_MS) complain('I9', `no answer to ${sent.kind} within ${HANG_MS / 1000} s`)
    }
    const outcome = outcomeOf(answer?.status)
    const { kind, presented, subject } = sent
    history.add({
      kind,
      node,
      start,
      end,
      outcome,
      answer,
      ...(presented === undefined ? {} : { presented }),
      ...resultOf(kind, body, subject),
    })
    return { outcome, status: answer?.status, body, ms: end - start }
  }

  /** As a balancer does: what a process did not even let in goes to the other one. */
  function reach(node: number): Reachable {
    const through =
      (index: number): typeof fetch =>
      async (input, init) =>
        (world.nodes[index] as Reachable).fetch(input, { ...init, signal: AbortSignal.timeout(HANG_MS) })
    return {
      issuer: world.nodes[0].issuer,
      async fetch(input, init) {
        try {
          return await through(node)(input, init)
        } catch (error) {
          if (!isRefused(error)) throw error
          world.balancer.refused(node)
          return through(1 - node)(input, init)
        }
      },
    }
  }

  return {
    random,
    complain,
    send,
    reach,
    goesOn: () => stoppedAt() === undefined,
    node: () => world.balancer.pick(random),
    record: (operation) => history.add(operation),
    async untilAnswered(make) {
      for (;;) {
        const called = await send(world.balancer.pick(random), await make())
        if (called.outcome !== 'unknown') return called
        if (performance.now() > (stoppedAt() ?? Infinity) + PATIENCE_MS) throw new Error('there is no end to 503')
        await delay(50 + random() * 150)
      }
    },
    authenticated: (client) => assertionParams({ issuer: world.nodes[0].issuer, clientId: client.id, key: client.key }),
    think: () => delay(5 + random() * 35),
  }
}

async function ask(
  node: Reachable,
  { path, method = 'POST', form, json, headers }: Sent,
): Promise<{ answer: Answer | undefined; body: Record<string, unknown> }> {
  try {
    const response = await node.fetch(path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(form ? { body: new URLSearchParams(form) } : json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
    const error = body['error'] ?? body['code']
    const says = body['error_description'] ?? body['detail']
    return {
      body,
      answer: {
        status: response.status,
        error: typeof error === 'string' ? error : undefined,
        says: typeof says === 'string' ? says : '',
        wellSaid: isWellSaid(response.headers),
      },
    }
  } catch {
    return { answer: undefined, body: {} }
  }
}

function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && Reflect.get(cause, 'code') === 'ECONNREFUSED'
}

/** RFC 9110 §10.2.3 and RFC 9111 §5.2.2.5: when to come again, and that nobody keeps the answer. */
export function isWellSaid(headers: Headers): boolean {
  const seconds = Number(headers.get('retry-after') ?? 0)
  return seconds >= 1 && seconds <= 5 && headers.get('cache-control') === 'no-store'
}

function resultOf(
  kind: Kind,
  body: Record<string, unknown>,
  subject: string | undefined,
): Partial<Pick<Operation, 'result' | 'accessTokenId' | 'subject'>> {
  const made = kind === 'create client' ? body['client_id'] : kind === 'create account' ? body['sub'] : subject
  const result = kind === 'refresh' || kind === 'exchange' ? body['refresh_token'] : undefined
  const jti = jtiOf(body['access_token'])
  return {
    ...(typeof made === 'string' ? { subject: made } : {}),
    ...(typeof result === 'string' ? { result } : {}),
    ...(jti === undefined ? {} : { accessTokenId: jti }),
  }
}

function jtiOf(token: unknown): string | undefined {
  const payload = typeof token === 'string' ? token.split('.')[1] : undefined
  if (payload === undefined) return undefined
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti?: string }
  return jti
}
