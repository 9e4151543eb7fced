/** Asserts what a verifier refuses. */
import { expect } from 'vitest'
import { AccessTokenRefused } from '#resource-server/index.ts'

export async function refusal(attempt: Promise<unknown>): Promise<AccessTokenRefused> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AccessTokenRefused)
  return error as AccessTokenRefused
}

/** Asserts status, error and sentence, and that the challenge and the body say the same. */
export async function expectRefused(attempt: Promise<unknown>, status: number, error: string, description: string) {
  const refused = await refusal(attempt)
  expect({ status: refused.status, error: refused.error, description: refused.error_description }).toEqual({
    status,
    error,
    description,
  })
  expect(refused.challenge).toContain(`Bearer error="${error}", error_description="${description}"`)
  expect(refused.headers['WWW-Authenticate']).toBe(refused.challenge)
  expect(JSON.parse(refused.body)).toEqual({ error, error_description: description })
  return refused
}
