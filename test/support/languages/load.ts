/** For `node --import`: adds the language of this folder to a server. */
import { loadLanguages } from '#languages/languages.ts'

await loadLanguages(import.meta.dirname)
