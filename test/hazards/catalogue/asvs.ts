/** OWASP ASVS 5.0, chapters 6, 7 and 10: what each item asks, in our words; tests name the items they hold. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ASVS_REASONS } from './asvs-reasons.ts'

const ROOT = join(import.meta.dirname, '../../..')

export const ASVS_ITEMS: Readonly<Record<string, string>> = {
  '6.1.1': 'How guessing is slowed down is documented, and cannot be used to lock somebody out.',
  '6.1.3': 'Every way to sign in is documented, and none is weaker than the others.',
  '6.2.1': 'A password has eight characters or more.',
  '6.2.2': 'People can change their password.',
  '6.2.3': 'A change needs the present password.',
  '6.2.4': 'The commonest passwords are refused.',
  '6.2.5': 'No kinds of characters are demanded or forbidden.',
  '6.2.6': 'A password field hides what is typed.',
  '6.2.7': 'Password managers and paste work.',
  '6.2.8':
    'A password is checked as it was typed: nothing cut off, no case changed; only its Unicode form is unified (RFC 8265).',
  '6.2.9': 'A password may have 64 characters and more.',
  '6.2.10': 'No password expires by age.',
  '6.2.12': 'Known breached passwords are refused.',
  '6.3.1': 'Guessing and stuffing are countered.',
  '6.3.2': 'There are no default accounts.',
  '6.3.3': 'A second factor, or one that counts for two, can be had and asked for.',
  '6.3.4': 'Every way in holds the same rules, and none is undocumented.',
  '6.3.6': 'Mail alone signs nobody in.',
  '6.3.7': 'People are told of changes to how they sign in.',
  '6.3.8': 'Nobody learns by words, status or time who has an account.',
  '6.4.1': 'First passwords and activation codes are random, once and short-lived.',
  '6.4.2': 'There are no secret questions and no hints.',
  '6.4.3': 'A reset of the password does not go around the second factor.',
  '6.4.6': 'An administrator can start a reset and neither sees nor chooses the password.',
  '6.4.4': 'A lost factor is replaced only after proofs as strong as the rest, or a wait.',
  '6.5.1': 'One-time codes count once.',
  '6.5.2': 'Recovery codes are kept as keyed digests.',
  '6.5.3': 'Codes and seeds come from a cryptographic generator.',
  '6.5.4': 'Codes that are sent have twenty bits or more.',
  '6.5.5': 'Codes by time live half a minute, codes by mail ten.',
  '6.5.6': 'Every factor can be taken away.',
  '6.5.8': "Codes by time are judged by the server's clock.",
  '6.6.2': 'A code that is sent belongs to the request that it was asked in.',
  '6.6.3': 'Codes that are sent cannot be guessed by trying.',
  '6.7.2': 'Challenges have 64 bits or more and are used once.',
  '6.8.1': 'People of different providers cannot be taken for each other.',
  '6.8.2': 'What a provider asserts is believed by its signature alone.',
  '6.8.4': 'Where a recent sign-in is needed, what a provider says of its time is checked.',
  '7.1.1': 'The idle and absolute lifetimes of sessions are documented.',
  '7.1.2': 'How many sessions a person may have is documented.',
  '7.1.3': 'How sessions here and at apps and providers end together is documented.',
  '7.2.1': 'Sessions are checked by the server alone.',
  '7.2.2': 'Session tokens are made anew for each session.',
  '7.2.3': 'Session tokens have 128 bits or more of chance.',
  '7.2.4': 'A sign-in, also a repeated one, gives a new session token and ends the old.',
  '7.3.1': 'An idle session ends.',
  '7.3.2': 'A session ends at an age, however much it is used.',
  '7.4.1': 'A session that ended is of no use any more.',
  '7.4.2': 'A disabled or deleted account has no sessions.',
  '7.4.3': 'After a factor changed, all other sessions can be ended.',
  '7.4.4': 'Every page of a signed-in person has a way to sign out.',
  '7.4.5': 'Administrators can end sessions.',
  '7.5.1': 'A factor changes only after a fresh proof.',
  '7.5.2': 'People see their sessions and can end them.',
  '7.5.3': 'What is most sensitive needs a further proof.',
  '7.6.1': 'Lifetimes here, at apps and at providers are documented together.',
  '7.6.2': 'A session begins by an act of the person.',
  '10.4.9': 'People can take back refresh tokens and access in a page.',
  '10.7.1': 'Consent is asked of the person, each time for a client that nobody vouches for.',
  '10.7.2': 'Consent shows who asks, for what and for how long.',
  '10.7.3': 'People see what they allowed, and take it back.',
}

/** The titles of tests that name an item, by item: `ASVS 6.2.3, 6.2.4: …`. */
export function testsByItem(): Map<string, { file: string; title: string }[]> {
  const found = new Map<string, { file: string; title: string }[]>()
  for (const file of globSync('test/**/*.{test,interop}.ts', { cwd: ROOT }).toSorted()) {
    const source = readFileSync(join(ROOT, file), 'utf8')
    for (const [, , , title = ''] of source.matchAll(/(\)|\b(?:test|describe))\(\s*(['"`])(.*?)\2\s*,/g)) {
      const named = /ASVS ((?:\d+\.\d+\.\d+)(?:, \d+\.\d+\.\d+)*)/.exec(title)?.[1]
      for (const item of named?.split(', ') ?? []) found.set(item, [...(found.get(item) ?? []), { file, title }])
    }
  }
  return found
}

/** Every item of the chapters, by the number of items in each section: `6.1` has three. */
const SECTIONS: readonly (readonly [chapter: number, items: readonly number[]])[] = [
  [6, [3, 12, 8, 6, 8, 4, 2, 4]],
  [7, [3, 4, 2, 5, 3, 2]],
  [10, [2, 3, 5, 16, 5, 2, 3]],
]
export const ALL_ITEMS: readonly string[] = SECTIONS.flatMap(([chapter, sections]) =>
  sections.flatMap((items, at) => Array.from({ length: items }, (_, item) => `${chapter}.${at + 1}.${item + 1}`)),
)

/** Every item with its verdict, and the reason or the tests that hold it. */
export function asvsTable(): string {
  const held = testsByItem()
  const rows = ALL_ITEMS.map((item) => {
    const judged = ASVS_REASONS[item]
    const tests = (held.get(item) ?? []).map(({ file, title }) => `[${file}](../../${file}): “${escaped(title)}”`)
    const grounds = [
      ...(judged === undefined ? [] : [judged.reason]),
      ...(tests.length === 0 ? [] : [tests.join('; ')]),
    ]
    return `| ${item} | ${judged?.asks ?? ASVS_ITEMS[item]} | ${judged?.verdict ?? 'met'} | ${grounds.join(' ')} |`
  })
  return ['| item | what it asks | | held by, or the reason |', '|---|---|---|---|', ...rows, ''].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\|<>[\]*_`]/g, String.raw`\$&`)
}
