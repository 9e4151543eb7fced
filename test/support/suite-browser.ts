/**
 * Does what the conformance suite's scripted browser does with the `browser` section of a configuration, in Chromium: the
 * commands that the suite has, with its rules for patterns, optional tasks and missing elements.
 */
import type { Locator, Page } from 'playwright-core'
import type { BrowserSection, Command, Task, Visit } from '../../conformance/browser.ts'
import { follow } from './browser.ts'

export interface SuiteBrowser {
  /** Opens the URL and does the tasks of the first entry that is for it; returns where the browser then is. */
  goTo(url: string): Promise<URL>
}

/** `module`: the name of the suite's module, whose override counts if there is one. */
export function suiteBrowser(page: Page, { browser, override }: BrowserSection, module?: string): SuiteBrowser {
  const visits = module === undefined ? browser : override[module]?.browser
  if (!visits) throw new Error(`there is no override for ${module}`)
  const done = new Map<Visit, number>()
  return {
    async goTo(url) {
      const isFor = (one: Visit) => matches(one.match, url) && (done.get(one) ?? 0) < (one['match-limit'] ?? Infinity)
      const visit = visits.find(isFor)
      if (!visit) throw new Error(`nothing is scripted for ${url}`)
      done.set(visit, (done.get(visit) ?? 0) + 1)
      await page.goto(url)
      for (const task of visit.tasks) await perform(page, task)
      return new URL(page.url())
    },
  }
}

async function perform(page: Page, { task, match, optional, commands = [] }: Task): Promise<void> {
  if (!matches(match, page.url())) {
    if (optional) return
    throw new Error(`${task}: the browser is at ${page.url()}, not at ${match}: ${await page.textContent('body')}`)
  }
  for (const command of commands) await execute(page, command)
}

/** `*` stands for any text. */
function matches(pattern: string, url: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return url === first
  if (!url.startsWith(first)) return false
  const last = others.pop() ?? ''
  let at = first.length
  for (const part of others) {
    const found = url.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return url.length - last.length >= at && url.endsWith(last)
}

async function execute(page: Page, command: Command): Promise<void> {
  const [name, by, target, value] = command.map(String) as [string, string, string, string]
  if (name === 'wait' && by === 'contains') {
    await page.waitForURL(({ href }) => href.includes(target), { timeout: Number(value) * 1000 })
    return
  }
  const element = page.locator(selectorOf(by, target)).first()
  if (name === 'wait') return wait(element, command)
  if (command.includes('optional') && (await element.count()) === 0) return
  if (name === 'text') return element.fill(value)
  if (name !== 'click') throw new Error(`the suite has no command ${name}`)
  // every click of ours leads to another page
  await follow(page, element)
}

async function wait(element: Locator, [, , , seconds, pattern]: Command): Promise<void> {
  await element.filter({ hasText: new RegExp(String(pattern ?? '')) }).waitFor({
    state: 'attached',
    timeout: Number(seconds) * 1000,
  })
}

function selectorOf(by: string, target: string): string {
  const selectors: Record<string, string> = {
    id: `[id="${target}"]`,
    name: `[name="${target}"]`,
    class: `.${target}`,
    css: target,
    xpath: `xpath=${target}`,
  }
  const selector = selectors[by]
  if (selector === undefined) throw new Error(`the suite has no selector ${by}`)
  return selector
}
