/** The brand of the pages: a name, a logo, an accent colour and a few links, which an administrator can set. */
import type Koa from 'koa'
import type { Context } from 'koa'

export interface Brand {
  readonly name: string
  /** A `data:` URL of an image, or null for the Signet logo. */
  readonly logo: string | null
  /** `#rrggbb`, or null for the Signet colours. */
  readonly accent: string | null
  /** URLs of help, privacy policy and terms, shown in the footer of each page. */
  readonly support_url: string | null
  readonly privacy_url: string | null
  readonly terms_url: string | null
}

/** Keeps the sign-in page small. */
const MAX_LOGO_CHARACTERS = 20_000
const LOGO = /^data:image\/(?:png|svg\+xml|webp|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/

/** Describes what `isLogo` accepts. */
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

// stored by application, not by request, because most requests have no page
const brands = new WeakMap<Koa, () => Brand>()

/** Sets the brand of the pages of `app`. `brand` is called for each page. */
export function setBrand(app: Koa, brand: () => Brand): void {
  brands.set(app, brand)
}

/** Returns the brand of this application, or that of Signet when none is set. */
export function brandOf(ctx: Pick<Context, 'app'>): Brand {
  return brands.get(ctx.app)?.() ?? SIGNET
}
