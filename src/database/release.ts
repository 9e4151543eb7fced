/** The schema release of this source. Raise it with each migration that later releases rely on. */
export const RELEASE = 2
