/** The Korean strings of the page for a lost passkey or authenticator app. */
import { html } from '#pages/design/html.ts'
import { strong } from '#pages/design/components.ts'
import type { PortalTexts } from './en.ts'

export const lost: PortalTexts['lost'] = {
  nothing: '패스키도 인증 앱도 없어요. 평소처럼 로그인하면 계정을 바꿀 수 있어요.',
  recovery: '복구 코드 쓰기',
  recoveryLead: '인증 앱을 설정할 때 보관해 둔 코드예요. 코드마다 한 번만 쓸 수 있어요.',
  recoveryCode: '복구 코드',
  recoveryWrong: '코드가 맞지 않거나 이미 쓴 코드예요.',
  other: '비밀번호와 인증 앱으로 로그인하기',
  otherLead: '패스키만 잃어버렸다면 이 두 가지로 확인할 수 있어요.',
  otherSubmit: '다시 로그인하기',
  mail: '비밀번호와 메일 코드 쓰기',
  mailLead: (hours) =>
    `다른 사람이 요청했을 때 알아차릴 수 있도록 ${hours}시간을 기다려야 해요. 그 뒤에 다시 와서 한 번 더 확인해 주세요.`,
  readyLead: '기다리는 시간이 끝났어요. 한 번 더 확인한 뒤 잃어버린 것을 바꿔 주세요.',
  password: '비밀번호',
  passwordWrong: '비밀번호가 맞지 않아요.',
  send: '코드 보내기',
  sent: (address) => html`${strong(address)} 주소로 코드를 보냈어요. 10분 동안 한 번만 쓸 수 있어요.`,
  code: '코드',
  codeWrong: '코드가 맞지 않거나 시간이 지났어요. 다시 확인하거나 새로 요청해 주세요.',
  confirm: '확인하기',
  waiting: (until) => `패스키나 인증 앱 없이 이 계정을 바꾸려는 요청이 있어요. ${until}부터 가능해요.`,
  cancel: '요청 취소하기',
  support: '대신 쓸 수 있는 방법이 없어요. 이 서비스를 운영하는 분께 도움을 요청해 주세요.',
}
