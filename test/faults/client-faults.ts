/** Callers that are slow, huge, malformed, or far too many; and a host of client keys that never answers. */
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { exportJWK, generateKeyPair } from 'jose'
import { assertionParams } from '../support/assertion.ts'
import { person } from '../support/person.ts'
import { createApp } from '../support/app.ts'
import type { Server } from '../support/server.ts'
import { timed } from './expectations.ts'
import type { Fault, Scene } from './harness.ts'
import { MALFORMED } from './malformed.ts'
import { API, CALLBACK, type World } from './world.ts'

const SLOW_CALLERS = 1000
const TABS = 1000
/** Head and body of a request have to be there after ten and fifteen seconds, looked at every two. */
const SLOW_MS = 19_000
const MIB = 1024 * 1024

export const CLIENT_FAULTS: readonly Fault[] = [
  { id: 'F14', name: `${SLOW_CALLERS} callers that send a byte now and then`, inject: slowCallers },
  { id: 'F15', name: 'huge headers and bodies', inject: hugeRequests },
  {
    id: 'F16',
    name: `malformed requests (${MALFORMED.length})`,
    async inject({ world, expect }) {
      for (const [index, { what, path, init }] of MALFORMED.entries()) {
        const { status, text } = await timed(world.nodes[(index % 2) as 0 | 1], path, init)
        expect(status >= 300 && status < 500, `${what}: ${status} ${text.slice(0, 200)}`)
      }
    },
  },
  { id: 'F20', name: `${TABS} refreshes of one token at once`, overloads: true, inject: thunderingRefresh },
  { id: 'F22', name: 'a jwks_uri that never answers', inject: blackHole },
]

async function slowCallers({ world, expect, note }: Scene): Promise<void> {
  const [node] = world.nodes
  const baseline = await p99(node)
  const head = `POST /token HTTP/1.1\r\nHost: ${new URL(node.issuer).host}\r\nContent-Type: application/x-www-form-urlencoded\r\n`
  const callers = Array.from({ length: SLOW_CALLERS }, (_, index) =>
    slowCaller(node.port, index % 2 ? `${head}X-Slow: ` : `${head}Content-Length: 5000\r\n\r\ngrant_type=`),
  )
  await delay(1000)
  const during = await p99(node)
  note(`p99 of /jwks ${Math.round(baseline)} ms before, ${Math.round(during)} ms with them`)
  expect(during < Math.max(250, 3 * baseline), `others waited for slow callers: ${Math.round(during)} ms`)
  const endings = await Promise.all(callers.map(({ ended }) => ended))
  for (const { socket } of callers) socket.destroy()
  const late = endings.filter(({ ms }) => ms > SLOW_MS).length
  const unsaid = endings.filter(({ text }) => !text.startsWith('HTTP/1.1 408 ')).length
  expect(late === 0, `${late} slow callers were still there after ${SLOW_MS / 1000} s`)
  expect(unsaid === 0, `${unsaid} slow callers were not told 408`)
}

function slowCaller(
  port: number,
  firstBytes: string,
): { socket: Socket; ended: Promise<{ text: string; ms: number }> } {
  const started = performance.now()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  const { promise, resolve } = Promise.withResolvers<{ text: string; ms: number }>()
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  socket.on('close', () => resolve({ text, ms: performance.now() - started }))
  socket.write(firstBytes)
  const drip = setInterval(() => socket.write('x'), 2000)
  socket.on('close', () => clearInterval(drip))
  return { socket, ended: promise }
}

async function p99(node: Server): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 100; count++) times.push((await timed(node, '/jwks')).ms)
  return times.toSorted((a, b) => a - b)[98] ?? 0
}

async function hugeRequests({ world, expect, note }: Scene): Promise<void> {
  const [node] = world.nodes
  const before = await residentBytes(node)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const post = (body: string) => timed(node, '/token', { method: 'POST', headers: form, body })
  const header = await timed(node, '/jwks', { headers: { 'x-huge': 'h'.repeat(17 * 1024) } })
  expect(header.status === 431, `a header of 17 KiB: ${header.status}`)
  for (const size of [57 * 1024 + 1024, 2 * MIB]) {
    const { status } = await post(`grant_type=${'a'.repeat(size)}`)
    expect(status === 413, `a body of ${size} bytes: ${status}`)
  }
  const many = await post(Array.from({ length: 1000 }, (_, index) => `p${index}=v`).join('&'))
  expect(many.status >= 400 && many.status < 500, `1000 parameters: ${many.status}`)
  const { status, sent } = await endless(node)
  expect(status === 413, `a body without end: ${status}`)
  note(`a chunked body of up to 1 GiB was ended after ${(sent / MIB).toFixed(1)} MiB`)
  expect(sent < 64 * MIB, `${sent} bytes of a body without end were taken`)
  const grown = (await residentBytes(node)) - before
  expect(grown < 80 * MIB, `memory grew by ${Math.round(grown / MIB)} MiB`)
}

/** Sends chunks until the server has had enough, 1 GiB at most. */
async function endless(node: Server): Promise<{ status: number; sent: number }> {
  const socket = connect(node.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const { host } = new URL(node.issuer)
  socket.write(
    `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
  let sent = 0
  while (!socket.destroyed && sent < 1024 * MIB) {
    sent += 0x10000
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), delay(2000)])
    if (text !== '') break
  }
  await delay(50)
  socket.destroy()
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), sent }
}

async function residentBytes(node: Server): Promise<number> {
  const text = await (await fetch(`${node.managementUrl}/metrics`)).text()
  return Number(/process_resident_memory_bytes (\d+)/.exec(text)?.[1] ?? 0)
}

async function thunderingRefresh({ world, expect, note }: Scene): Promise<void> {
  const [first] = world.nodes
  const app = createApp(first, world.clients.otherSpa, CALLBACK, true)
  const who = world.people[0] as World['people'][number]
  const scope = { scope: 'openid offline_access posts:read', resource: API }
  const { body } = await app.redeem(
    await app.code(
      person(() => first),
      who,
      scope,
    ),
  )
  const token = body['refresh_token'] as string
  const answers = await Promise.all(
    Array.from({ length: TABS }, (_, index) =>
      timed(world.nodes[(index % 2) as 0 | 1], '/token', {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: token,
          client_id: world.clients.otherSpa.id,
        }),
      }),
    ),
  )
  const counts = Map.groupBy(answers, ({ status }) => status)
  const successors = new Set(
    (counts.get(200) ?? []).map(({ text }) => (JSON.parse(text) as Record<string, string>)['refresh_token']),
  )
  note([...counts].map(([status, those]) => `${those.length} × ${status}`).join(', '))
  expect(successors.size === 1, `${successors.size} successors of one token`)
  const strange = answers.filter(({ status }) => ![200, 429, 503].includes(status))
  expect(strange.length === 0, `a refresh was answered with ${strange[0]?.status} ${strange[0]?.text.slice(0, 200)}`)
  const next = await app.refresh([...successors][0] as string)
  expect(next.status === 200, `the family does not go on: ${next.status}`)
}

async function blackHole({ world, load, expect, note }: Scene): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(pair.privateKey)), alg: 'ES256', use: 'sig', kid: 'k1' }
  const client = await world.admin.client('machine', {
    jwks_uri: `http://127.0.0.1:${port}/jwks`,
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  const before = load.history.operations.length
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const node = world.nodes[(index % 2) as 0 | 1]
      const own = await assertionParams({ issuer: node.issuer, clientId: client.id, key })
      return timed(node, '/token', {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials', ...own }),
      })
    }),
  )
  const slowest = Math.max(...answers.map(({ ms }) => ms))
  note(
    `40 requests answered within ${(slowest / 1000).toFixed(1)} s: ${[...new Set(answers.map(({ status }) => status))].join(', ')}`,
  )
  expect(slowest <= 3000, `a request waited ${Math.round(slowest)} ms for the keys`)
  expect(
    answers.every(({ status }) => [400, 401, 503].includes(status)),
    'a client without keys got an answer',
  )
  const others = load.history.operations.slice(before).filter(({ outcome }) => outcome === 'unknown')
  expect(others.length === 0, `${others.length} requests of others failed meanwhile`)
  for (const socket of sockets) socket.destroy()
  server.close()
}
