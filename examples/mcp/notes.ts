/** The tools of the example: notes, kept in memory, for each person their own. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'

export const READ = 'notes:read'
export const WRITE = 'notes:write'

const MAX_NOTE_LENGTH = 200
const MAX_NOTES = 100
const notes = new Map<string, string[]>()

/** Returns a server with the tools, for the person or machine that `subject` names. */
export function createNotesServer(subject: string): McpServer {
  const own = () => notes.get(subject) ?? []
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('list_notes', { description: 'List your notes' }, () => said(own().join('\n') || 'No notes yet.'))
  const note = z.string().min(1).max(MAX_NOTE_LENGTH)
  server.registerTool('add_note', { description: 'Add a note', inputSchema: { note } }, ({ note: added }) => {
    if (own().length >= MAX_NOTES) return { ...said(`You can have ${MAX_NOTES} notes.`), isError: true }
    notes.set(subject, [...own(), added])
    return said(`Added. You have ${own().length} of ${MAX_NOTES} notes.`)
  })
  return server
}

/** Returns the scopes that a JSON-RPC message needs: reading is enough for all but the tool that writes. */
export function scopesFor(message: unknown): string[] {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } }
  return method === 'tools/call' && params?.name === 'add_note' ? [READ, WRITE] : [READ]
}

function said(text: string) {
  return { content: [{ type: 'text' as const, text }] }
}
