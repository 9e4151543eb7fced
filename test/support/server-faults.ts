/** What a server logged that it should never log, whatever it is asked. */
import type { Server } from './server.ts'

/** Bugs, and answers that blame the server. A busy machine may be told to come back (503): that is no fault. */
export function faultsOf(server: Pick<Server, 'logLines'>): Record<string, unknown>[] {
  return server.logLines().filter(({ status, level }) => {
    return (Number(status) >= 500 && status !== 503) || level === 'error' || level === 'fatal'
  })
}

/** Lines of its output that are no JSON object; the last may be one of which the rest is still to come. */
export function linesThatAreNoJson(server: Pick<Server, 'logs'>): string[] {
  const lines = server.logs().trimEnd().split('\n')
  return lines.filter((line) => !(line.startsWith('{') && line.endsWith('}')))
}
