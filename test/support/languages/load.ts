/** For `node --import`: a server that also speaks the language of this folder. */
import { loadLanguages } from '#languages/languages.ts'

await loadLanguages(import.meta.dirname)
