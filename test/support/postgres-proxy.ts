/** Servers in place of PostgreSQL, with behaviour that the test machine does not have. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { atEnd } from './endings.ts'

/** Starts a proxy that refuses timeouts among the startup parameters, as PgBouncer does by default. Returns its URL. */
export async function startRefusingProxy(url: string): Promise<string> {
  const port = await listen((socket) => {
    socket.once('data', (startup) => {
      if (startup.includes('statement_timeout')) {
        socket.end(errorResponse('FATAL', '08P01', 'unsupported startup parameter: statement_timeout'))
        return
      }
      passOn(socket, url, startup)
    })
  })
  return Object.assign(new URL(url), { port: String(port) }).href
}

/**
 * Starts a proxy that never answers some connections, as a server that is too busy to open them in time: of each name in
 * `unanswered`, the connection of that number. Returns its URL.
 */
export async function startBusyProxy(url: string, unanswered: Readonly<Record<string, number>>): Promise<string> {
  const seen: Record<string, number> = {}
  const port = await listen((socket) => {
    socket.once('data', (startup) => {
      const parameters = startup.toString().split('\0')
      const name = parameters[parameters.indexOf('application_name') + 1] ?? ''
      seen[name] = (seen[name] ?? 0) + 1
      if (seen[name] !== unanswered[name]) passOn(socket, url, startup)
    })
  })
  return Object.assign(new URL(url), { port: String(port) }).href
}

/**
 * Starts a proxy that counts the statements of connections with this `application_name`. The messages of the client are
 * a letter, a length and a body; `B` binds a prepared statement, `Q` is one by itself.
 */
export async function startCountingProxy(
  url: string,
  applicationName: string,
): Promise<{ url: string; statements: () => number }> {
  let statements = 0
  const port = await listen((socket) => {
    socket.once('data', (startup) => {
      if (startup.includes(`application_name\0${applicationName}\0`)) {
        let rest = Buffer.alloc(0)
        socket.on('data', (chunk: Buffer) => {
          rest = Buffer.concat([rest, chunk])
          for (let length = lengthOf(rest); rest.length >= length; length = lengthOf(rest)) {
            if ('BQ'.includes(String.fromCharCode(rest[0] ?? 0))) statements += 1
            rest = rest.subarray(length)
          }
        })
      }
      passOn(socket, url, startup)
    })
  })
  return { url: Object.assign(new URL(url), { port: String(port) }).href, statements: () => statements }
}

/** Returns the length of the message that begins the bytes; more than they have when it is not complete. */
function lengthOf(bytes: Buffer): number {
  return bytes.length < 5 ? Infinity : 1 + bytes.readUInt32BE(1)
}

/** Starts a server that answers only with its old version number. Returns its URL. */
export async function startOldServer(versionNumber: number): Promise<string> {
  const port = await listen((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]))
      socket.once('data', () => socket.write(oneValue('server_version_num', String(versionNumber))))
    })
  })
  return `postgres://signet@127.0.0.1:${port}/signet`
}

/** Starts a server that closes every connection as soon as it is open. Returns its URL. */
export async function startEndingServer(): Promise<string> {
  const port = await listen((socket) => {
    socket.once('data', () => {
      const ending = errorResponse('FATAL', '57P01', 'terminating connection due to administrator command')
      socket.end(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I')), ending]))
    })
  })
  return `postgres://signet@127.0.0.1:${port}/signet`
}

/** Connects the socket to PostgreSQL, which gets what was read already. */
function passOn(socket: Socket, url: string, startup: Buffer): void {
  const target = new URL(url)
  const upstream = connect(Number(target.port), target.hostname)
  upstream.on('error', () => socket.destroy())
  upstream.write(startup)
  socket.pipe(upstream).pipe(socket)
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

function oneValue(name: string, value: string): Buffer {
  const column = Buffer.concat([int16(1), text(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)])
  const row = Buffer.concat([int16(1), int32(value.length), Buffer.from(value)])
  return Buffer.concat([
    message('T', column),
    message('D', row),
    message('C', text('SHOW')),
    message('Z', Buffer.from('I')),
  ])
}

function errorResponse(severity: string, code: string, words: string): Buffer {
  return message('E', Buffer.concat([text(`S${severity}`), text(`C${code}`), text(`M${words}`), Buffer.of(0)]))
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
