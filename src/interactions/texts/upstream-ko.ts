/** The Korean strings about upstream providers. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { upstream as english } from './upstream-en.ts'

export const upstream: typeof english = {
  go: (name) => html`${foreign(name)} 계정으로 계속하기`,
  back: '다른 방법으로 로그인하기',
  accept: '로그인하고 연결하기',
  decline: '연결하지 않고 로그인하기',
  someProvider: '로그인 제공자',
  titles: {
    led: (name) => `${name} 계정으로 로그인해요`,
    offer: () => '이미 계정이 있어요',
    cancelled: (name) => `${name} 계정으로 로그인하지 않았어요`,
    refused: (name) => `${name} 계정으로 로그인하지 못했어요`,
    no_account: () => '연결된 계정이 없어요',
    no_email: () => '이메일 주소가 확인되지 않았어요',
    unavailable: (name) => `${name} 쪽에서 응답이 없어요`,
    login_required: (name) => `${name} 쪽에서 로그인하지 못했어요`,
  },
  words: {
    led: (name, who) => html`${strong(who)} 주소는 ${strong(name)} 계정으로 로그인해요.`,
    offer: (name, who) =>
      html`${strong(who)} 주소를 쓰는 계정이 이미 있어요. 평소처럼 한 번 로그인하면 다음부터는 ${strong(name)}
      계정으로도 로그인할 수 있어요.`,
    cancelled: (name) => html`${strong(name)} 쪽에서 로그인하지 않고 돌아왔어요. 바뀐 것은 없어요.`,
    refused: (name) =>
      html`${strong(name)} 쪽에서 보낸 응답을 쓸 수 없어요. 이미 썼거나 너무 늦었거나 올바르지 않아요. 다시 시도하거나
      다른 방법으로 로그인해 주세요.`,
    no_account: (name) =>
      html`${strong(name)} 계정으로 로그인했지만 여기에 연결된 계정이 없어요. 다른 방법으로 로그인하거나 운영하는 분께
      계정을 요청해 주세요.`,
    no_email: (name) =>
      html`${strong(name)} 쪽에서 이메일 주소를 아직 확인하지 않아 계정을 찾거나 만들 수 없어요. 그곳에서 주소를 확인한
      뒤 다시 시도하거나 다른 방법으로 로그인해 주세요.`,
    login_required: (name) =>
      html`${strong(name)} 쪽에서 먼저 로그인하거나 동의해야 해요. ${strong(name)} 페이지를 열어 로그인한 뒤 다시
      시도하거나 다른 방법으로 로그인해 주세요.`,
    unavailable: (name) =>
      html`지금은 ${strong(name)} 쪽에 연결할 수 없어요. 잠시 뒤에 다시 시도하거나 다른 방법으로 로그인해 주세요.`,
  },
}
