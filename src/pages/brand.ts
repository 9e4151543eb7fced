/** Whose pages these are: a name, a mark, a colour and a few links, which an administrator may set. */
import type Koa from 'koa'
import type { Context } from 'koa'

export interface Brand {
  readonly name: string
  /** A `data:` URL of an image; null: the mark of Signet. */
  readonly logo: string | null
  /** `#rrggbb`; null: the colours of Signet. */
  readonly accent: string | null
  /** Where people get help, and what they may want to read, as URLs; shown at the foot of each page. */
  readonly support_url: string | null
  readonly privacy_url: string | null
  readonly terms_url: string | null
}

/** Small enough that the sign-in page stays so. */
const MAX_LOGO_CHARACTERS = 20_000
const LOGO = /^data:image\/(?:png|svg\+xml|webp|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/

/** What `isLogo` takes, in words. */
export const EXPECTED_LOGO = 'a data: URL of a PNG, SVG, WebP or JPEG image in base64, of at most 20,000 characters'
export const EXPECTED_ACCENT = 'a colour such as #3a3a8f'

export function isLogo(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LOGO_CHARACTERS && LOGO.test(value)
}

export function isAccent(value: unknown): value is string {
  return typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
}

const SIGNET: Brand = {
  name: 'Signet',
  logo: null,
  accent: null,
  support_url: null,
  privacy_url: null,
  terms_url: null,
}

// by the application rather than by the request: most requests have no page
const brands = new WeakMap<Koa, () => Brand>()

/** The pages of `app` carry what `brand` answers at the time. */
export function setBrand(app: Koa, brand: () => Brand): void {
  brands.set(app, brand)
}

export function brandOf(ctx: Pick<Context, 'app'>): Brand {
  return brands.get(ctx.app)?.() ?? SIGNET
}
