/** How soon a page is painted. A comparison of time: `npm run test:soak` runs it, where nothing else does. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { DESKTOP } from './looks.ts'
import { signedInPage, startWorld } from './world.ts'

const browser = await openBrowser()

test.skipIf(!browser)('the pages for sign-in and consent are first painted within 100 ms', async () => {
  const world = await startWorld()
  const newContext = () => browser?.newContext({ locale: 'en', viewport: DESKTOP }) ?? expect.fail('no browser')
  const signIn = await (await newContext()).newPage()
  await signIn.goto(world.request())
  expect(await medianOf(signIn)).toBeLessThan(100)
  expect(await medianOf(await signedInPage(await newContext(), world))).toBeLessThan(100)
})

/** The page loaded a few times over. */
async function medianOf(page: Page): Promise<number> {
  const paints: number[] = []
  for (let load = 0; load < 7; load += 1) {
    await page.reload()
    paints.push(await page.evaluate(FIRST_PAINT))
  }
  return paints.toSorted((left, right) => left - right)[3] ?? Infinity
}

/** Milliseconds from the start of the navigation. */
const FIRST_PAINT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const paint = list.getEntriesByName('first-contentful-paint')[0]
    if (paint) resolve(paint.startTime)
  }).observe({ type: 'paint', buffered: true })
})`
