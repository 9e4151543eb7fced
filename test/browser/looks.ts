/** How a page is judged in Chromium: pictures in both themes, accessibility, room on a phone, nothing that moves. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { keepScreenshot } from '../support/browser.ts'

export const PHONE = { width: 360, height: 640 }
export const DESKTOP = { width: 1280, height: 800 }
const THEMES = ['light', 'dark'] as const

/** What is wrong with how a page looks: nothing, when every list is empty and every number 0. */
export interface Faults {
  readonly accessibility: readonly string[]
  /** Pixels by which the page is larger than a phone of 360 × 640, and than a window 320 wide. */
  readonly down: number
  readonly right: number
  readonly rightOfSmallest: number
  readonly layoutShift: number
}

/** Takes the pictures `<name>-<theme>-<window>.png` on the way. */
export async function faultsOf(page: Page, name: string): Promise<Faults> {
  const accessibility: string[] = []
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(DESKTOP)
    await keepScreenshot(page, `${name}-${colorScheme}-desktop`)
    accessibility.push(...(await accessibilityFaults(page, colorScheme === 'dark' ? ['color-contrast'] : undefined)))
    await page.setViewportSize(PHONE)
    await keepScreenshot(page, `${name}-${colorScheme}-phone`)
  }
  const phone = await overflow(page)
  await page.setViewportSize({ width: 320, height: 640 })
  const { right: rightOfSmallest } = await overflow(page)
  return { accessibility, ...phone, rightOfSmallest, layoutShift: await page.evaluate(LAYOUT_SHIFT) }
}

/** By all rules of axe or the given ones. The dark theme differs in colours alone. */
export async function accessibilityFaults(page: Page, rules?: string[]): Promise<string[]> {
  // Without frames, axe needs no page of its own to gather its results.
  const axe = new AxeBuilder({ page }).setLegacyMode(true)
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

function overflow(page: Page): Promise<{ down: number; right: number }> {
  return page.evaluate(`({
    down: document.documentElement.scrollHeight - innerHeight,
    right: document.documentElement.scrollWidth - innerWidth,
  })`)
}

/** The cumulative layout shift so far, without what a changed window size did. */
const LAYOUT_SHIFT = `new Promise((resolve) => {
  let sum = 0
  const count = (list) => list.forEach((entry) => entry.hadRecentInput || (sum += entry.value))
  const observer = new PerformanceObserver((list) => count(list.getEntries()))
  observer.observe({ type: 'layout-shift', buffered: true })
  // what was kept is handed over between two frames
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      count(observer.takeRecords())
      resolve(sum)
    }),
  )
})`
