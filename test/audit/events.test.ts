/** The catalogue of audit events holds for what rooms record: their types, their sources and what they wrote. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditEvent } from '#audit/audit.ts'
import { SYSTEM } from '#audit/audit.ts'
import { AUDIT_EVENTS } from '#audit/events.ts'
import { createAudit } from '#audit/recorder.ts'
import { createDatabase } from '#database/pool.ts'
import { linesMatching, readSourceFiles, type SourceFile } from '../support/architecture/source-file.ts'
import { uncataloguedRows } from '../support/catalogued-events.ts'
import { cloneDatabase } from '../support/postgres.ts'

/** The events that no source file records: as the type of an event, chosen between two, or handed to a function. */
function withoutRecorder(files: readonly SourceFile[], types: readonly string[]): string[] {
  return types.filter((type) => {
    const recorded = new RegExp(
      String.raw`(?:\btype: |[?:] |\()'${type.replace('.', String.raw`\.`)}'\s*(?:[,:)}]|$)`,
      'm',
    )
    return files.every((file) => linesMatching(file, recorded).length === 0)
  })
}

test('every event of the catalogue is recorded somewhere', () => {
  const sources = readSourceFiles(join(import.meta.dirname, '../..'), ['src']).filter(
    ({ path }) => path !== 'src/audit/events.ts',
  )
  expect(withoutRecorder(sources, Object.keys(AUDIT_EVENTS))).toEqual([])
})

test.each([
  ["await audit.record({ type: 'a.b', outcome })", true],
  ["const type = went ? 'a.b' : 'a.c'", true],
  ["const type = went ? 'a.c' : 'a.b'", true],
  ["factorEvent('a.b', facts)", true],
  ["// await audit.record({ type: 'a.b', outcome })", false],
  ["const words = { 'a.b': 'It was done' }", false],
  ["type Some = AuditFields<'a.b' | 'a.c'>", false],
  ["if (event.type === 'a.b') return", false],
])('a source that reads %s is a recorder: %s', (text, expected) => {
  expect(withoutRecorder([{ path: 'src/a.ts', text }], ['a.b']).length === 0).toBe(expected)
})

test('an event takes the fields that the catalogue gives it, and no others', () => {
  const facts = { ...SYSTEM, outcome: 'success' } as const
  const events: AuditEvent[] = [
    { ...facts, type: 'client.updated', detail: { changed: ['name'] } },
    { ...facts, type: 'client.enabled' },
    { ...facts, type: 'account.linked' },
    // @ts-expect-error: a field that the event does not have
    { ...facts, type: 'client.updated', detail: { changed: ['name'], colour: 'red' } },
    // @ts-expect-error: a field of another event
    { ...facts, type: 'client.updated', detail: { changed: ['name'], secret_id: 'csi-1' } },
    // @ts-expect-error: a value of another type
    { ...facts, type: 'client.updated', detail: { changed: 'name' } },
    // @ts-expect-error: a field is missing
    { ...facts, type: 'client.updated', detail: {} },
    // @ts-expect-error: the detail is missing
    { ...facts, type: 'client.updated' },
    // @ts-expect-error: a detail where the event has none
    { ...facts, type: 'client.enabled', detail: { changed: ['status'] } },
    // @ts-expect-error: an event that the catalogue does not have
    { ...facts, type: 'client.painted' },
  ]
  const accepted = events.map(
    ({ type, detail = {} }) => type in AUDIT_EVENTS && AUDIT_EVENTS[type].detail.safeParse(detail).success,
  )
  expect(accepted).toEqual([true, true, true, false, false, false, false, false, false, false])
})

test('a row that does not follow the catalogue fails the test file that wrote it', async () => {
  const { url } = await cloneDatabase()
  const db = createDatabase({ url })
  const audit = createAudit({ db })
  await audit.record({
    ...SYSTEM,
    type: 'client.key_added',
    outcome: 'success',
    detail: { thumbprint: 't', kid: undefined },
  })
  expect(await uncataloguedRows(url)).toEqual([])
  const wrong = { ...SYSTEM, type: 'client.enabled', outcome: 'success', detail: { colour: 'red' } }
  await audit.record(wrong as unknown as AuditEvent)
  await audit.record({ ...wrong, type: 'client.painted' } as unknown as AuditEvent)
  expect(await uncataloguedRows(url)).toEqual(['client.painted {"colour": "red"}', 'client.enabled {"colour": "red"}'])
  await db.query('DELETE FROM audit_events')
  await db.close()
})
