/** The texts of mails in Korean. They avoid particles that depend on the last sound of a name. */
import type { FactorChange, MailTemplates } from '../mail-template.ts'

const CHANGES: Readonly<Record<FactorChange, string>> = {
  password_changed: '비밀번호가 바뀌었어요',
  password_reset: '비밀번호를 새로 정했어요',
  invitation_accepted: '초대를 수락했어요',
  passkey_added: '패스키가 추가됐어요',
  passkey_removed: '패스키가 삭제됐어요',
  passkey_changed: '달라진 패스키로 로그인하려고 해서 막았어요',
  totp_added: '인증 앱이 추가됐어요',
  totp_removed: '인증 앱이 삭제됐어요',
  recovery_codes_made: '복구 코드를 새로 만들었어요',
  recovery_code_used: '복구 코드가 사용됐어요',
  totp_locked: '코드가 100번 연속으로 잘못 입력되어 인증 앱이 잠겼어요',
  recovery_codes_locked: '코드가 100번 연속으로 잘못 입력되어 복구 코드가 잠겼어요',
  email_changed: '이메일 주소가 바뀌었어요',
  lost_factor_requested: '패스키나 인증 앱 없이 계정을 바꾸려는 요청이 있었어요',
  upstream_linked: '다른 로그인 방법이 연결됐어요',
  upstream_unlinked: '연결된 로그인 방법이 해제됐어요',
}

const ADVICE: Readonly<Partial<Record<FactorChange, string>>> = {
  lost_factor_requested:
    '직접 요청하셨다면 안내된 시간까지 기다려 주세요. 요청한 적이 없다면 로그인해서 그 페이지에서 요청을 취소하고 비밀번호를 바꿔 주세요.',
}

const once = (minutes: number) => `코드와 링크는 ${minutes}분 동안 한 번만 쓸 수 있어요.`

const NOT_YOU =
  '직접 하지 않았다면 내 계정을 열어 다른 세션을 모두 끝내고 비밀번호를 바꿔 주세요. 로그인할 수 없다면 비밀번호부터 새로 정해 주세요.'

export const ko: MailTemplates = {
  verify_email: ({ code, path, minutes }, { brand, host, link }) => ({
    subject: `${brand} 이메일 주소를 확인해 주세요`,
    heading: '이메일 주소를 확인해 주세요',
    paragraphs: ['코드를 묻는 화면에 아래 코드를 입력해 주세요.'],
    code,
    action: { before: '아래 페이지를 열어도 돼요.', label: '이메일 주소 확인하기', url: link(path) },
    after: once(minutes),
    why: `${brand}(${host})에 이 주소가 입력되어 보내 드리는 메일이에요.`,
    notYou: '직접 입력하지 않았다면 그대로 두세요. 코드나 링크를 쓰지 않으면 아무 일도 일어나지 않아요.',
  }),
  reset_password: ({ code, path, minutes }, { brand, host, link }) => ({
    subject: `${brand} 비밀번호를 새로 정해 주세요`,
    heading: '비밀번호를 새로 정해 주세요',
    ...(code === undefined
      ? {
          paragraphs: ['이곳의 계정을 관리하는 분이 비밀번호를 새로 정해 달라고 해요.'],
          action: { label: '새 비밀번호 정하기', url: link(path) },
          after: `링크는 ${minutes}분 동안 한 번만 쓸 수 있어요.`,
        }
      : {
          paragraphs: ['코드를 묻는 화면에 아래 코드를 입력해 주세요.'],
          code,
          action: { before: '아래 페이지를 열어도 돼요.', label: '새 비밀번호 정하기', url: link(path) },
          after: once(minutes),
        }),
    why: `${brand}(${host})에서 새 비밀번호를 요청해서 보내 드리는 메일이에요.`,
    notYou:
      '직접 요청하지 않았다면 그대로 두세요. 비밀번호는 바뀌지 않아요. 전화나 메시지로 이 코드를 묻는 일은 절대 없어요.',
  }),
  reset_later: ({ from }, { brand, host, date }) => ({
    subject: `${brand} 비밀번호는 아직 새로 정할 수 없어요`,
    heading: '비밀번호는 아직 새로 정할 수 없어요',
    paragraphs: [
      '계정의 이메일 주소가 최근에 바뀌었어요. 계정을 보호하기 위해 잠시 기다려야 해요.',
      `${date(from)}부터 가능해요.`,
    ],
    after: '그때 다시 요청해 주세요. 지금 비밀번호를 알고 있다면 평소처럼 로그인할 수 있어요.',
    why: `${brand}(${host})에서 새 비밀번호를 요청해서 보내 드리는 메일이에요.`,
    notYou: '직접 요청하지 않았다면 그대로 두세요. 비밀번호는 바뀌지 않아요.',
  }),
  confirm_identity: ({ code, minutes }, { brand, host }) => ({
    subject: `${brand} 확인 코드`,
    heading: '본인인지 확인할게요',
    paragraphs: ['코드를 묻는 화면에 아래 코드를 입력해 주세요.'],
    code,
    after: `코드는 ${minutes}분 동안 한 번만 쓸 수 있어요.`,
    why: `${brand}(${host}) 계정에 로그인하거나 계정을 바꾸려는 요청이 있어서 보내 드리는 메일이에요.`,
    notYou:
      '직접 하지 않았다면 이 코드를 아무에게도 알려 주지 마세요. 로그인 정보가 알려졌을 수 있으니 계정을 열어 다른 세션을 모두 끝내고 비밀번호를 바꿔 주세요.',
  }),
  factor_changed: ({ change, name, at, address, device, path }, { brand, host, link, date }) => ({
    subject: `${brand} 계정: ${CHANGES[change]}`,
    heading: CHANGES[change],
    paragraphs: [ADVICE[change] ?? []].flat(),
    facts: [
      ['이름', name],
      ['시각', date(at)],
      ['접속 주소', address],
      ['기기', device],
    ],
    action: { label: '내 계정 보기', url: link(path) },
    why: `${brand}(${host})에서는 로그인 방법이 바뀔 때마다 메일로 알려 드려요.`,
    notYou: NOT_YOU,
  }),
  new_browser: ({ at, address, device, path }, { brand, host, link, date }) => ({
    subject: `${brand} 계정에 새로 로그인했어요`,
    heading: '새 브라우저에서 로그인했어요',
    paragraphs: [],
    facts: [
      ['시각', date(at)],
      ['접속 주소', address],
      ['기기', device],
    ],
    action: { label: '로그인한 곳 보기', url: link(path) },
    why: `${brand}(${host})에서는 처음 보는 브라우저로 로그인할 때마다 메일로 알려 드려요.`,
    notYou: NOT_YOU,
  }),
  sign_in_request: ({ app, message, at, path, minutes }, { brand, host, link, date }) => ({
    subject: `${brand} 로그인 요청`,
    heading: '앱에서 로그인을 요청했어요',
    paragraphs: [
      message === undefined
        ? '직접 시작한 로그인일 때만 승인해 주세요.'
        : '직접 시작한 로그인이고 앱에도 같은 메시지가 보일 때만 승인해 주세요.',
    ],
    facts: [
      ['앱', app],
      ['메시지', message],
      ['시각', date(at)],
    ],
    action: { label: '요청 확인하기', url: link(path) },
    after: `페이지를 여는 것만으로는 승인되지 않아요. 요청은 ${minutes}분 뒤에 만료돼요.`,
    why: `앱에서 ${brand}(${host}) 계정으로 로그인을 요청해서 보내 드리는 메일이에요.`,
    notYou: '직접 시작하지 않았다면 거부하거나 그대로 두세요. 승인하지 않으면 앱은 접근할 수 없어요.',
  }),
  account_exists: ({ path }, { brand, host, link }) => ({
    subject: `${brand} 계정이 이미 있어요`,
    heading: '이미 계정이 있어요',
    paragraphs: ['이 주소로 새 계정을 만들려는 시도가 있었어요. 이미 계정이 있어서 아무것도 바뀌지 않았어요.'],
    action: { label: '로그인하기', url: link(path) },
    after: '비밀번호를 잊었다면 거기서 새로 정할 수 있어요.',
    why: `${brand}(${host})에 이 주소가 입력되어 보내 드리는 메일이에요.`,
    notYou: '직접 입력하지 않았다면 그대로 두세요. 누구였든 계정에 대해 알아낸 것은 없어요.',
  }),
  invitation: ({ path, until, invitedBy }, { brand, host, link, date }) => ({
    subject: `${brand} 초대장`,
    heading: `${brand} 초대장이 도착했어요`,
    paragraphs: [
      invitedBy === undefined ? '새 계정을 만들 수 있어요.' : `${invitedBy} 님이 초대했어요. 새 계정을 만들 수 있어요.`,
    ],
    action: { label: '초대 수락하기', url: link(path) },
    after: `링크는 ${date(until)}까지 한 번만 쓸 수 있어요.`,
    why: `${brand}(${host})에서 누군가 이 주소를 초대해서 보내 드리는 메일이에요.`,
    notYou: '기다리던 초대가 아니라면 그대로 두세요. 직접 수락하지 않으면 계정은 만들어지지 않아요.',
  }),
  account_deleted: ({ at, address, device }, { brand, host, date }) => ({
    subject: `${brand} 계정이 삭제됐어요`,
    heading: '계정이 삭제됐어요',
    paragraphs: ['모든 세션이 끝났고, 앱은 더 이상 대신 접근할 수 없어요.'],
    facts: [
      ['시각', date(at)],
      ['접속 주소', address],
      ['기기', device],
    ],
    why: `${brand}(${host})에 이 주소로 된 계정이 있어서 보내 드리는 마지막 메일이에요.`,
    notYou: `직접 하지 않았다면 ${host} 운영자에게 바로 알려 주세요.`,
  }),
}
