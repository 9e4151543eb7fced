/** The Korean strings of the pages where a person answers sign-in requests. */
import { foreign, host, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { requests as en } from './requests-en.ts'

export const requests: typeof en = {
  lead: '앱에서 로그인 승인을 요청하면 여기에서 답할 수 있어요.',
  empty: '기다리는 로그인 요청이 없어요.',
  expires: (when) => `${when} 만료`,
  title: (name) => `${name} 앱에 로그인할까요?`,
  heading: (name) => html`${foreign(name)} 앱에 로그인할까요?`,
  asks: (name, at, who) =>
    html`${strong(name)} 앱${at === '' ? '' : html`(${host(at)})`}에서 ${strong(who)} 계정으로 로그인하려고 해요.`,
  message: '앱에도 이 메시지가 똑같이 보여야 해요.',
  wants: '하려는 일',
  once: '잠시 동안만 접근할 수 있고, 그 뒤에는 다시 물어봐야 해요.',
  question: '직접 시작한 로그인인가요?',
  warning:
    '아니라면, 또는 누군가 전화나 메시지로 승인해 달라고 했다면 거부해 주세요. 내 계정에 들어오려는 것일 수 있어요.',
  approve: '승인',
  deny: '거부',
  confirmFirst: '앱에서 더 확실하거나 더 최근의 로그인을 요청해요. 승인하기 전에 본인인지 확인해 주세요.',
  confirm: '본인 확인하기',
  when: '요청한 시각',
  until: '만료',
  over: '끝난 요청이에요',
  overWords: '이미 답했거나 시간이 지났어요. 앱이 아직 기다리고 있다면 앱에서 다시 시작해 주세요.',
  all: '로그인 요청 모두 보기',
  codeHeading: '로그인 요청 코드',
  codeLead: '이 코드를 먼저 알려 줘야 로그인을 요청할 수 있는 앱이 있어요. 믿을 수 있는 사람과 앱에만 알려 주세요.',
  codeNone: '정해 둔 코드가 없어서 그런 앱은 요청을 보낼 수 없어요.',
  codeSince: (date) => `${date}에 정한 코드가 있어요. 코드는 다시 보여 드리지 않아요.`,
  code: '새 코드',
  codeHelp: '4자에서 64자까지 쓸 수 있어요. 비밀번호는 쓰지 마세요.',
  codeSet: '코드 정하기',
  codeChange: '코드 바꾸기',
  codeRemove: '코드 없애기',
  codeRemoveWords: '코드가 필요한 앱은 더 이상 로그인을 요청할 수 없어요.',
  codeLength: '코드는 4자에서 64자까지예요.',
}
