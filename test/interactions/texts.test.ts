/** The texts in each language: there, and in that language. */
import { describe, expect, test } from 'vitest'
import { TEXTS as PORTAL_TEXTS } from '#account-portal/texts/texts.ts'
import type { Html } from '#pages/design/html.ts'
import { TEXTS } from '#interactions/texts/texts.ts'
import { PASSKEY_TEXTS } from '#sign-in/passkey/texts/texts.ts'

/** By the room that keeps them. */
const CATALOGUES = { interactions: TEXTS, passkeys: PASSKEY_TEXTS, 'account-portal': PORTAL_TEXTS } as const

/** All texts of a catalogue by their path, with gaps filled in. */
async function flatten(catalogue: object, path = ''): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const [key, value] of Object.entries(catalogue)) {
    const name = path === '' ? key : `${path}.${key}`
    if (typeof value === 'object')
      for (const [inner, text] of await flatten(value as object, name)) texts.set(inner, text)
    else texts.set(name, typeof value === 'function' ? await fill(value as (...gaps: string[]) => Html) : String(value))
  }
  return texts
}

async function fill(text: (...gaps: string[]) => Html | string): Promise<string> {
  return String(await text('gap-1', 'gap-2', 'gap-3'))
}

describe.each(Object.entries(CATALOGUES))('the catalogue of %s', (_room, texts) => {
  test('has the same texts in both languages, each with the same gaps', async () => {
    const [en, ko] = [await flatten(texts.en), await flatten(texts.ko)]
    expect([...ko.keys()]).toEqual([...en.keys()])
    const gapsOf = (text = '') => [...text.matchAll(/gap-\d/g)].map(([gap]) => gap).toSorted()
    for (const [key, text] of en) expect([key, gapsOf(ko.get(key))]).toEqual([key, gapsOf(text)])
  })

  test('speaks Korean in Korean, and English in English', async () => {
    const nameless = new Set(['home.title', 'consent.resource'])
    for (const [key, text] of await flatten(texts.ko)) {
      if (!nameless.has(key)) expect([key, text]).toEqual([key, expect.stringMatching(/\p{Script=Hangul}/u)])
    }
    for (const [key, text] of await flatten(texts.en)) {
      expect([key, text]).toEqual([key, expect.not.stringMatching(/\p{Script=Hangul}/u)])
      expect(text.trim()).not.toBe('')
    }
  })
})
