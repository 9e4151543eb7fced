/** What a terminal shows after a start. */
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { banner } from '../../src/main/banner.ts'

const lines = (issuer: string, management?: string) =>
  stripVTControlCharacters(banner({ issuer, seconds: 0.84, management })).split('\n')

test('names the issuer, where to open, and the three next commands', () => {
  const shown = lines('http://localhost:3000', 'http://127.0.0.1:3001')
  expect(shown).toContain('Signet is ready after 0.8 s.')
  expect(shown).toContain('  Issuer   http://localhost:3000')
  expect(shown).toContain('  Open     http://localhost:3000/')
  expect(shown).toContain('  Health   http://127.0.0.1:3001/health/ready')
  expect(shown.filter((line) => line.startsWith('  npx signet '))).toEqual([
    '  npx signet resources create https://api.example.com --scope posts:read',
    '  npx signet clients create --profile machine --name billing --generate-key billing.jwk.json --allow https://api.example.com=posts:read',
    '  npx signet accounts create --email ada@example.com --name "Ada Lovelace" --password-stdin',
  ])
})

test('the commands name an issuer that is not the usual one, and no probe where none listens', () => {
  const shown = lines('http://localhost:4000')
  expect(shown.filter((line) => line.endsWith(' --issuer http://localhost:4000'))).toHaveLength(3)
  expect(shown.join('\n')).not.toContain('Health')
})
