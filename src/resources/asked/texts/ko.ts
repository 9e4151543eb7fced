/** The Korean words for what an app asks for. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { AskedTexts } from './en.ts'

export const ko: AskedTexts = {
  aboutYou: '내 정보',
  resource: (name, at) => html`${strong(name)} <span class="soft" dir="ltr">${at}</span>`,
  openidScopes: {
    openid: '나를 알아보기',
    profile: '이름과 프로필 보기',
    email: '이메일 주소 보기',
    address: '주소 보기',
    phone: '전화번호 보기',
    offline_access: '내가 없을 때도 접근 유지',
  },
  detailMembers: { actions: '할 수 있는 일', datatypes: '데이터 종류', identifier: '대상', privileges: '권한' },
  yes: '예',
  no: '아니요',
  keeps: (days) => `계정에서 직접 거둘 때까지, 길어도 ${days}일 동안 접근할 수 있어요.`,
  unverified: (name) =>
    html`확인되지 않은 앱: ${foreign(name)}을(를) 누가 만들었는지 확인하지 않았어요. 출처를 아는 앱일 때만 계속해
    주세요.`,
}
