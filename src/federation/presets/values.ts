/** Values that several presets need. */
import type { PresetValue } from './preset.ts'

const VISIBLE = /^[\x21-\x7E]{1,400}$/

interface BaseUrl extends Pick<PresetValue, 'expected' | 'example' | 'fallback'> {
  /** The paths that the URL may have; none but `/` by default. */
  readonly path?: RegExp
}

/** An address at which an organization runs the provider: https, without query and fragment. */
export function baseUrl({ path = /^$/, ...value }: BaseUrl): PresetValue {
  return {
    ...value,
    isRight(given, allowHttp) {
      const url = VISIBLE.test(given) ? URL.parse(given) : null
      if (!url || given.includes('?') || given.includes('#') || url.username !== '' || url.password !== '') return false
      const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && allowHttp(url.hostname))
      return isSafe && path.test(withoutSlash(url.pathname))
    },
  }
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

/** A value of visible ASCII that matches `form`. */
export function text(value: Omit<PresetValue, 'isRight'>, form: RegExp): PresetValue {
  return { ...value, isRight: (given) => form.test(given) }
}
