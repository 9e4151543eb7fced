/** The release of the schema this source is written for; raised with each migration that later releases rely on. */
export const RELEASE = 1
