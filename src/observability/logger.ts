/**
 * Logs to stdout: one JSON object for each line, or readable lines on a terminal. The values of secret members are
 * replaced.
 */
import { createRequire } from 'node:module'
import { pino, type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger } from 'pino'
import type pinoPretty from 'pino-pretty'
import { redact } from './redaction.ts'

export type { Logger } from 'pino'

const MAX_LENGTH = 4096
const MAX_CAUSES = 4
/** Buffers lines for a moment, because a write for each line would cost more than the request that it describes. */
const BUFFER_MS = 10
const BUFFER_BYTES = 15_000

/** The members of an error that are logged; all others (statements, parameters) are left out. */
const ERROR_MEMBERS = ['code', 'error', 'error_description', 'error_detail', 'logDetail', 'status', 'syscall'] as const

/**
 * Creates the logger of the process. `format: 'pretty'` writes readable lines. `destination` replaces stdout. Writes do
 * not block, and are flushed when the process exits.
 */
export function createLogger(
  config: { readonly level: string; readonly format: 'json' | 'pretty' },
  destination?: DestinationStream,
): Logger {
  const options = {
    level: config.level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redact },
    serializers: { err: serializeError, error: serializeError },
  }
  const stream = config.format === 'pretty' ? prettyStream(destination) : (destination ?? bufferedStdout())
  return withRedactedChildren(pino(options, stream))
}

/** Standard output, flushed by size, by time and when the process exits. */
function bufferedStdout(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES })
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    timer = undefined
    stream.flush()
  }
  return {
    write(line) {
      stream.write(line)
      timer ??= setTimeout(flush, BUFFER_MS).unref()
    },
  }
}

/**
 * Redacts the bindings of child loggers too, which pino does not pass to a formatter. Children of children inherit this
 * method.
 */
function withRedactedChildren(logger: Logger): Logger {
  const child: (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger = logger.child
  function redactedChild(this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
    return child.call(this, redact(bindings), options)
  }
  return Object.assign(logger, { child: redactedChild })
}

/** Returns name, message, code, stack and causes of an error, each limited in length. */
function serializeError(error: unknown): unknown {
  return describeError(error, 0)
}

function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? bounded(error) : { type: typeof error }
  const described: Record<string, unknown> = { type: error.name, message: bounded(error.message) }
  for (const name of ERROR_MEMBERS) {
    const value = (error as unknown as Record<string, unknown>)[name]
    if (typeof value === 'string') described[name] = bounded(value)
    if (typeof value === 'number') described[name] = value
  }
  if (error.stack !== undefined) described['stack'] = bounded(error.stack)
  if (error.cause !== undefined && depth < MAX_CAUSES) described['cause'] = describeError(error.cause, depth + 1)
  return described
}

function bounded(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

/** Loads pino-pretty only when needed, because it costs start time and memory. */
function prettyStream(destination: DestinationStream | undefined): DestinationStream {
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty
  const stream = pretty.build({
    colorize: destination === undefined && process.stdout.isTTY,
    ignore: 'pid',
    singleLine: true,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ...(destination === undefined ? {} : { destination: destination as unknown as NodeJS.WritableStream }),
  })
  return { write: (line) => void stream.write(keepControlCharactersEscaped(line)) }
}

/** Keeps escaped control characters escaped, because a caller's input must not control the terminal. */
function keepControlCharactersEscaped(line: string): string {
  return line
    .replace(/(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|r|b|f)/gi, String.raw`$1\\$2`)
    .replace(/[\u007f-\u009f]/g, (character) => String.raw`\\u00${character.charCodeAt(0).toString(16)}`)
}
