/** The texts around the content of each page, in every language. */
import type { Texts } from './catalogue.ts'

export type LayoutTexts = Record<'languages' | 'menu' | 'skip' | 'support_url' | 'privacy_url' | 'terms_url', string>

export const LAYOUT_TEXTS: Texts<LayoutTexts> = {
  en: {
    languages: 'Language',
    menu: 'Menu',
    skip: 'Skip to the content',
    support_url: 'Help',
    privacy_url: 'Privacy',
    terms_url: 'Terms',
  },
  ko: {
    languages: '언어',
    menu: '메뉴',
    skip: '본문으로 건너뛰기',
    support_url: '도움말',
    privacy_url: '개인정보 처리방침',
    terms_url: '이용약관',
  },
}
