/** The hazard catalogue: every race, fault, past vulnerability and requirement, with the tests that hold it. */
import { ENGINE } from './catalogue/engine.ts'
import { FAULTS } from './catalogue/faults.ts'
import { HARDENING } from './catalogue/hardening.ts'
import { REQUIREMENTS } from './catalogue/requirements.ts'
import type { Row } from './catalogue/row.ts'
import { STORAGE } from './catalogue/storage.ts'
import { STRANGERS } from './catalogue/strangers.ts'
import { VULNERABILITIES } from './catalogue/vulnerabilities.ts'

/** The chapters by the name of their part in docs/security/hazards.md. */
const CHAPTERS = {
  engine: ENGINE,
  vulnerabilities: VULNERABILITIES,
  requirements: REQUIREMENTS,
  hardening: HARDENING,
  storage: STORAGE,
  faults: FAULTS,
  strangers: STRANGERS,
} as const satisfies Record<string, readonly Row[]>

export const CATALOGUE: readonly Row[] = Object.values(CHAPTERS).flat()

const DOCUMENT = 'docs/security/hazards.md'

/** The parts of the document that follow the catalogue. */
export const HAZARD_PARTS = Object.entries(CHAPTERS).map(([part, rows]) => ({
  file: DOCUMENT,
  part,
  text: () => tableOf(rows),
}))

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ id, title, feature, tests }) => `| ${id} | ${escaped(title)} | ${feature} | ${heldBy(tests)} |`,
  )
  return ['| row | what holds | with | held by |', '|---|---|---|---|', ...lines, ''].join('\n')
}

function heldBy(tests: Row['tests']): string {
  const places = Object.entries(tests).map(
    ([file, titles]) => `[${file}](../../${file}): ${titles.map((title) => `“${escaped(title)}”`).join(', ')}`,
  )
  return places.length === 0 ? 'comes with its feature' : places.join('; ')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\|<>[\]*_`]/g, String.raw`\$&`)
}
