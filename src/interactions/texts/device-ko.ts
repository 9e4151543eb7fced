/** The Korean strings for connecting a device. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { device as en } from './device-en.ts'

const START_AGAIN = '기기에서 다시 시작하면 새 코드가 나와요.'

export const device: typeof en = {
  title: '기기 연결',
  asks: '기기에 보이는 코드를 입력해 주세요.',
  carried: '기기에도 똑같은 코드가 보이나요? 같으면 계속해 주세요.',
  label: '코드',
  submit: '계속',
  warning:
    '지금 앞에 있는 기기의 코드만 쓰세요. 누군가 코드나 링크를 보내왔다면 이 페이지를 닫아 주세요. 내 계정에 들어오려는 것일 수 있어요.',
  missing: '기기에 보이는 코드를 입력해 주세요.',
  unknown: '모르는 코드예요. 기기를 확인하고 다시 입력해 주세요.',
  expired: `시간이 지난 코드예요. ${START_AGAIN}`,
  decided: `이미 쓴 코드예요. ${START_AGAIN}`,
  tooMany: '시도가 너무 많았어요. 잠시 기다렸다가 다시 해 주세요.',
  stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 다시 시도해 주세요.',
  errorPrefix: '오류',
  compare: {
    title: (name) => `${name} 앱을 연결할까요?`,
    heading: (name) => html`${foreign(name)} 앱을 연결할까요?`,
    asks: (name) => html`${strong(name)} 앱이 있는 기기에서 내 계정을 쓰려고 해요. 그 기기에는 이 코드가 보여요.`,
    asksWho: (name, who) =>
      html`${strong(name)} 앱이 있는 기기에서 ${strong(who)} 계정을 쓰려고 해요. 그 기기에는 이 코드가 보여요.`,
    scopes: '하려는 일',
    from: '요청한 곳',
    question: '지금 앞에 있는 기기에서 직접 시작하셨나요?',
    warning: '누군가 보내온 코드나 링크라면 연결하지 마세요.',
    allow: '네, 계속할게요',
    deny: '연결 안 함',
  },
  ends: {
    approved: {
      title: '기기를 연결했어요',
      words: (name) => html`기기의 ${strong(name)} 앱으로 돌아가 주세요. 이 페이지는 닫아도 돼요.`,
    },
    denied: {
      title: '연결하지 않았어요',
      words: (name) => html`그 기기의 ${strong(name)} 앱에는 아무 권한도 주지 않았어요. 이 페이지는 닫아도 돼요.`,
    },
    expired: {
      title: '시간이 지난 코드예요',
      words: (name) => html`연결하지 않았어요. 기기에서 ${strong(name)} 앱을 다시 시작하면 새 코드가 나와요.`,
    },
    decided: {
      title: '이미 쓴 코드예요',
      words: (name) =>
        html`다른 브라우저에서 이미 답한 것 같아요. 기기의 ${strong(name)} 앱이 아직 기다리고 있다면 거기서 다시 시작해
        주세요.`,
    },
  },
  again: '다른 코드 입력하기',
}
