/** What a binding message may be (CIBA Core 1.0 §7.1). People compare it on two devices, so it is short plain text. */
import { isDisplayText } from '#shared/display-text.ts'

/** Characters. */
export const MAX_BINDING_MESSAGE = 64

/** Returns what is wrong with a message, or undefined. */
export function bindingMessageFault(message: string | undefined, isRequired: boolean): string | undefined {
  if (message === undefined) {
    // FAPI-CIBA §5.2.2: where nothing else tells one request from another
    return isRequired ? 'is missing: a fapi2 client sends it, unless it sends authorization_details' : undefined
  }
  const length = Array.from(message).length
  if (length > MAX_BINDING_MESSAGE) return `has ${length} characters; at most ${MAX_BINDING_MESSAGE} are allowed`
  if (!isDisplayText(message)) return 'must be plain text of one line, without control or invisible characters'
  // a mail program would make a link of it
  if (/:\/\/|www\./i.test(message)) return 'must not contain the address of a page'
  return undefined
}
