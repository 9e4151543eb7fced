/** Logs on stdout: one JSON object a line, or readable lines on a terminal; secrets are replaced by name. */
import { createRequire } from 'node:module'
import { pino, type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger } from 'pino'
import type pinoPretty from 'pino-pretty'
import { redact } from './redaction.ts'

export type { Logger } from 'pino'

const MAX_TEXT = 4096
const MAX_CAUSES = 4
/** Lines are gathered for a moment: a write for each would cost more than the request that it tells of. */
const GATHER_MS = 10
const GATHER_BYTES = 15_000

/** Members of an error that are for the log; whatever else an error carries (statements, parameters) stays out. */
const ERROR_MEMBERS = ['code', 'error', 'error_description', 'error_detail', 'logDetail', 'status', 'syscall'] as const

/**
 * The process's logger. `format: 'pretty'` writes readable lines. `destination` replaces stdout.
 * Lines are written without blocking and flushed when the process exits.
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
  const stream = config.format === 'pretty' ? prettyStream(destination) : (destination ?? gatheredStdout())
  return withRedactedChildren(pino(options, stream))
}

/** Standard output, written to when enough was gathered or a moment has passed, and when the process exits. */
function gatheredStdout(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: false, minLength: GATHER_BYTES })
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    timer = undefined
    stream.flush()
  }
  return {
    write(line) {
      stream.write(line)
      timer ??= setTimeout(flush, GATHER_MS).unref()
    },
  }
}

/** pino does not hand the bindings of a child to a formatter. Children of children inherit this method. */
function withRedactedChildren(logger: Logger): Logger {
  const child: (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger = logger.child
  function redactedChild(this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
    return child.call(this, redact(bindings), options)
  }
  return Object.assign(logger, { child: redactedChild })
}

/** Name, message, code, stack and causes of an error, each bounded; no other member. */
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
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}

/** Loaded only when asked for: it costs start time and memory. */
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

/** What a caller sent must not move a terminal's cursor: escapes of control characters stay visible as escapes. */
function keepControlCharactersEscaped(line: string): string {
  return line
    .replace(/(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|r|b|f)/gi, String.raw`$1\\$2`)
    .replace(/[\u007f-\u009f]/g, (character) => String.raw`\\u00${character.charCodeAt(0).toString(16)}`)
}
