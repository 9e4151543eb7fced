/** A real browser for tests: the machine's Chromium, or the one from the packages. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import chromiumPackage, { inflate } from '@sparticuz/chromium'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { atEnd } from './endings.ts'

const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable']
const FLAGS = [
  // Root cannot use the sandbox; the pages are our own.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const ARTIFACTS = join(import.meta.dirname, '../artifacts')

/** Opens a browser that closes with the test file. Returns undefined when there is none, after logging why. */
export async function openBrowser(): Promise<Browser | undefined> {
  const faults: string[] = []
  for (const launch of [
    ...SYSTEM_BROWSERS.filter((path) => existsSync(path)).map((path) => () => start(path)),
    bundled,
  ]) {
    try {
      const browser = await launch()
      atEnd(() => browser.close())
      return browser
    } catch (error) {
      faults.push(String(error).split('\n', 1)[0] ?? '')
    }
  }
  process.stdout.write(`no browser can be started here, so the browser tests are skipped: ${faults.join('; ')}\n`)
  return undefined
}

/** Saves a screenshot of the page as `test/artifacts/<name>.png`, for `npm run screenshots`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  if (process.env['SIGNET_TEST_SCREENSHOTS'] === undefined) return
  mkdirSync(ARTIFACTS, { recursive: true })
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) })
}

function start(executablePath: string, libraries?: string): Promise<Browser> {
  const env = { ...process.env, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) }
  return chromium.launch({ executablePath, args: FLAGS, env, timeout: 60_000 })
}

/**
 * Starts the packaged browser, unpacked once for each user and version, with its own libraries if the machine lacks
 * them.
 */
async function bundled(): Promise<Browser> {
  const dir = await unpacked()
  const executable = join(dir, 'chromium')
  return start(executable).catch(() => start(executable, join(dir, 'al2023/lib')))
}

async function unpacked(): Promise<string> {
  const packed = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..')
  const { version } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as { version: string }
  const dir = join(tmpdir(), `signet-chromium-${version}-${userInfo().uid}`)
  if (existsSync(dir)) return dir
  // The package unpacks to the temporary directory. Test files do so concurrently, and the first one to finish wins.
  const workshop = `${dir}-${process.pid}`
  mkdirSync(workshop, { mode: 0o700 })
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = workshop
  try {
    await chromiumPackage.executablePath()
    await inflate(join(packed, 'bin/al2023.tar.br'))
    renameSync(workshop, dir)
  } catch (error) {
    rmSync(workshop, { recursive: true, force: true })
    if (!existsSync(dir)) throw error
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  return dir
}

/** Clicks what leads to another page, or to the same page again, and waits until that is there. */
export async function follow(page: Page, element: Locator): Promise<void> {
  const left = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame())
  await element.click()
  await left
  await page.waitForLoadState('load')
}
