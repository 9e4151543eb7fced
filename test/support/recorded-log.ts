/** A logger that records its lines. */
import type { Log } from '#shared/log.ts'

export interface RecordedLog extends Log {
  readonly lines: { level: string; detail: object; message: string }[]
}

export function recordedLog(): RecordedLog {
  const lines: RecordedLog['lines'] = []
  const at = (level: string) => (detail: object, message: string) => void lines.push({ level, detail, message })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
