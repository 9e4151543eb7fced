/** Serves the few files of the pages from memory under names that hold a digest of their content. */
import { sha256 } from '#shared/ids.ts'
import type { Middleware } from 'koa'

const DIGEST_CHARACTERS = 12

export interface Asset {
  /** Such as `pages.css`. */
  readonly name: string
  /** A media type, such as `text/css`. */
  readonly type: string
  readonly body: string | Buffer
}

export interface StaticAssets {
  /** The path of an asset, such as `/assets/pages.Xk2…css`; it changes with the content. Throws for an unknown name. */
  path(name: string): string
  readonly middleware: Middleware
}

/** Answers GET and HEAD below `prefix`; browsers may keep an answer for ever. */
export function createStaticAssets(prefix: string, assets: readonly Asset[]): StaticAssets {
  const byPath = new Map(assets.map((asset) => [assetPath(prefix, asset), asset]))
  const paths = new Map(assets.map((asset) => [asset.name, assetPath(prefix, asset)]))

  return {
    path(name) {
      const path = paths.get(name)
      if (path === undefined) throw new TypeError(`there is no asset ${name}`)
      return path
    },
    middleware: (ctx, next) => {
      const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? byPath.get(ctx.path) : undefined
      if (!asset) return next()
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable')
      ctx.type = asset.type
      ctx.body = asset.body
      return Promise.resolve()
    },
  }
}

function assetPath(prefix: string, { name, body }: Asset): string {
  const digest = sha256(body).toString('base64url').slice(0, DIGEST_CHARACTERS)
  const dot = name.lastIndexOf('.')
  return `${prefix}/${name.slice(0, dot)}.${digest}${name.slice(dot)}`
}
