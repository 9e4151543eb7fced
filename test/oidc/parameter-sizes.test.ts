/** How large the parameters of an authorization request may be, to the byte. */
import { errors } from 'oidc-provider'
import { describe, expect, test } from 'vitest'
import { assertSizes } from '#oidc/configuration/parameter-sizes.ts'

/** Returns the refusal of a parameter; undefined if it is not too long. */
function refusalOf(name: string, value: unknown, known = [name]): string | undefined {
  try {
    assertSizes(known, { [name]: value })
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(errors.InvalidRequest)
    return (error as errors.InvalidRequest).error_description
  }
}

describe('a parameter', () => {
  test.each([
    ['state', 4096],
    ['nonce', 4096],
    ['login_hint', 4096],
    ['authorization_details', 16_384],
    ['claims', 16_384],
    ['id_token_hint', 16_384],
    ['request', 16_384],
    ['resource', 16_384],
    ['scope', 16_384],
  ])('%s may have %d bytes', (name, limit) => {
    expect(refusalOf(name, 'x'.repeat(limit))).toBeUndefined()
    expect(refusalOf(name, 'x'.repeat(limit + 1))).toBe(`${name} is too long: ${limit + 1} bytes, at most ${limit}`)
    expect(refusalOf(name, 'é'.repeat(limit / 2 + 1))).toBe(`${name} is too long: ${limit + 2} bytes, at most ${limit}`)
  })

  test('that the engine does not know counts if it is a long one, and only then', () => {
    expect(refusalOf('authorization_details', 'x'.repeat(16_385), [])).toContain('authorization_details is too long')
    expect(refusalOf('anything', 'x'.repeat(16_385), [])).toBeUndefined()
  })

  test('that was sent several times, or as JSON, counts as JSON', () => {
    const several = (bytes: number) => ['x'.repeat(bytes - 7), '']
    expect(JSON.stringify(several(16_384))).toHaveLength(16_384)
    expect(refusalOf('resource', several(16_384))).toBeUndefined()
    expect(refusalOf('resource', several(16_385))).toContain('resource is too long: 16385 bytes')
    expect(refusalOf('claims', { userinfo: { name: 'x'.repeat(16_384) } })).toContain('claims is too long')
  })

  test.each([undefined, null])('that was not sent (%s) is not too long', (value) => {
    expect(refusalOf('state', value)).toBeUndefined()
  })
})
