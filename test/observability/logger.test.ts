import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLogger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

class Refused extends AppError {
  override readonly code = 'refused'
  override readonly status = 400
}

function logged(write: (logger: ReturnType<typeof createLogger>) => void, format: 'json' | 'pretty' = 'json') {
  const sink = new Sink()
  write(createLogger({ level: 'info', format }, sink))
  return sink.text
}

describe('the logger', () => {
  test('writes one JSON object a line with level, time and message', () => {
    const line = JSON.parse(logged((logger) => logger.info({ port: 3000 }, 'listening'))) as Record<string, unknown>
    expect(line).toMatchObject({ level: 'info', pid: process.pid, port: 3000, msg: 'listening' })
    expect(new Date(line['time'] as string).getTime()).toBeCloseTo(Date.now(), -4)
  })

  test('writes nothing below its level', () => {
    expect(logged((logger) => logger.debug('detail'))).toBe('')
  })

  test('replaces the values of secrets by name, however deep and in whatever case', () => {
    const text = logged((logger) => {
      logger.info({ password: 'SECRET1', headers: { Authorization: 'SECRET2', Cookie: 'SECRET3' } })
      logger.info({ body: [{ client_secret: 'SECRET4', refresh_token: 'SECRET5' }] })
      logger.info({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'shown', d: 'SECRET6' }] } })
      logger.child({ client_assertion: 'SECRET7' }).info('child')
    })
    expect(text).not.toContain('SECRET')
    expect(text.match(/\[redacted\]/g)).toHaveLength(7)
    expect(text).toContain('shown')
  })

  test('does not change the object that was logged', () => {
    const given = { nested: { password: 'kept' } }
    logged((logger) => logger.info(given))
    expect(given).toEqual({ nested: { password: 'kept' } })
  })

  test('tells of an error its message, code, detail, stack and causes, and no other member', () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(PERSONAL)' })
    const error = new Refused('Not so.', { cause, logDetail: 'rule 7' })
    const text = logged((logger) => logger.error({ err: error }, 'failed'))
    expect((JSON.parse(text) as { err: unknown }).err).toMatchObject({
      type: 'Refused',
      message: 'Not so.',
      code: 'refused',
      logDetail: 'rule 7',
      stack: expect.stringContaining('logger.test.ts') as string,
      cause: { message: 'duplicate key', code: '23505' },
    })
    expect(text).not.toContain('PERSONAL')
  })

  test('writes readable lines on a terminal, in which a caller cannot move the cursor', () => {
    const text = logged((logger) => logger.info({ client_id: 'a\u001b[2Jb\rc\u009bd' }, 'hello'), 'pretty')
    expect(text).toContain('hello')
    expect(text).toContain(String.raw`a\u001b[2Jb\rc\u009bd`)
    for (const character of ['\u001b', '\r', '\u009b']) expect(text).not.toContain(character)
  })
})
