/**
 * Maps a path to its route template, so that logs and metrics contain no identifiers and callers cannot create time
 * series.
 */
export const OTHER_ROUTE = 'other'

/** `templates` are paths such as `/interaction/:uid`; `:name` matches one segment, a final `*` any rest. */
export function createRouteTemplates(templates: readonly string[]): (path: string) => string {
  const exact = new Set(templates.filter((template) => !/[:*]/.test(template)))
  const patterns = templates.filter((template) => !exact.has(template)).map(toPattern)

  return (path) => {
    if (exact.has(path)) return path
    return patterns.find(({ pattern }) => pattern.test(path))?.template ?? OTHER_ROUTE
  }
}

function toPattern(template: string): { template: string; pattern: RegExp } {
  const source = template
    .split('/')
    .map((segment) => {
      if (segment === '*') return '.*'
      return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    })
    .join('/')
  return { template, pattern: new RegExp(`^${source}$`) }
}
