/** The Korean strings of the pages. They avoid particles that depend on the last sound of a name. */
import { html, type Html } from '#pages/design/html.ts'
import { foreign, host, strong } from '#pages/design/components.ts'
import { byMail } from './by-mail-ko.ts'
import { device } from './device-ko.ts'
import { upstream } from './upstream-ko.ts'
import type { InteractionTexts } from './en.ts'

function app(name: string, at: string): Html {
  return at === '' ? html`${strong(name)} 앱` : html`${strong(name)} 앱(${host(at)})`
}

const TOO_MANY = '시도가 너무 많았어요. 잠시 기다렸다가 다시 해 주세요.'

export const ko: InteractionTexts = {
  signIn: {
    title: '로그인',
    asks: (name, at) =>
      at === ''
        ? html`기기의 ${strong(name)} 앱을 연결하려면 로그인해 주세요.`
        : html`로그인하면 ${app(name, at)}으로 이동해요.`,
    again: (name, at) => html`${app(name, at)}에서 다시 로그인해 달라고 해요.`,
    identifier: '이메일 주소',
    password: '비밀번호',
    submit: '로그인',
    cancel: (name) => html`${foreign(name)} 앱으로 돌아가기`,
    identifierMissing: '이메일 주소를 입력해 주세요.',
    passwordMissing: '비밀번호를 입력해 주세요.',
    mismatch: '이메일 주소와 비밀번호가 서로 맞지 않아요. 다시 확인해 주세요.',
    passkey: '이 패스키로는 로그인할 수 없어요. 다시 시도하거나 다른 방법으로 로그인해 주세요.',
    passkeyChanged:
      '이 패스키는 추가했을 때와 달라져서 받지 않았어요. 다른 방법으로 로그인한 뒤 계정 페이지에서 새 패스키로 바꿔 주세요.',
    busy: '지금 로그인하는 분이 많아요. 몇 초 뒤에 다시 시도해 주세요.',
    tooMany: TOO_MANY,
    passkeyTitle: '패스키로 확인해 주세요',
    passkeyAsks: (name, who) => html`${strong(name)} 앱에서 ${strong(who)} 님이 맞는지 한 번 더 확인하려고 해요.`,
    passkeyNeedsScript:
      '패스키를 쓰려면 자바스크립트와 패스키를 지원하는 브라우저가 필요해요. 이 페이지에서 허용한 뒤 새로고침하거나, 다른 브라우저에서 다시 시작해 주세요.',
    stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 다시 로그인해 주세요.',
    errorPrefix: '오류',
  },
  code: {
    app: {
      title: '코드를 입력해 주세요',
      asks: (who) => html`인증 앱을 열고 ${strong(who)} 계정에 보이는 여섯 자리 숫자를 입력해 주세요.`,
      label: '코드',
      missing: '여섯 자리 숫자를 입력해 주세요.',
      mismatch: '코드가 맞지 않거나 이미 쓴 코드예요. 다음 코드가 나오면 다시 입력해 주세요.',
      locked:
        '코드가 100번 연속으로 잘못 입력되어 인증 앱이 잠겼어요. 아래의 다른 방법을 쓰거나 서비스 운영자에게 잠금을 풀어 달라고 해 주세요.',
      other: '복구 코드로 하기',
    },
    recoveryCode: {
      title: '복구 코드를 입력해 주세요',
      asks: (who) => html`${strong(who)} 계정에 쓰려고 따로 적어 둔 코드예요. 한 번씩만 쓸 수 있어요.`,
      label: '복구 코드',
      missing: '복구 코드 하나를 입력해 주세요.',
      mismatch: '복구 코드가 맞지 않거나 이미 쓴 코드예요. 다시 확인하거나 다른 코드를 써 주세요.',
      locked:
        '코드가 100번 연속으로 잘못 입력되어 복구 코드가 잠겼어요. 아래의 다른 방법을 쓰거나 서비스 운영자에게 잠금을 풀어 달라고 해 주세요.',
      other: '인증 앱으로 하기',
    },
    submit: '계속',
    restart: '다른 계정으로 하기',
    cancel: (name) => html`${foreign(name)} 앱으로 돌아가기`,
    stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 코드를 다시 입력해 주세요.',
    busy: '지금 로그인하는 분이 많아요. 몇 초 뒤에 다시 시도해 주세요.',
    tooMany: TOO_MANY,
    errorPrefix: '오류',
  },
  byMail,
  mailCode: {
    title: '본인인지 확인할게요',
    asks: (who) =>
      html`${strong(who)} 계정은 확인했지만 방금 직접 로그인하셨는지는 알 수 없어요. 이메일 주소로 코드를 보내 드릴게요.`,
    sent: (who) => html`${strong(who)} 주소로 메일을 보냈어요. 메일에 있는 코드를 입력해 주세요.`,
    unavailable:
      '계정은 확인했지만 방금 직접 로그인하셨는지는 알 수 없고, 지금은 메일로 코드를 보낼 수 없어요. 돌아가서 다른 방법으로 로그인하거나 운영하는 분께 문의해 주세요.',
  },
  upstream,
  unmet: {
    title: '더 확실한 로그인이 필요해요',
    passkey: (name) => html`${strong(name)} 앱에서 패스키를 요청하는데, 이 계정에는 아직 없어요.`,
    more: (name) => html`${strong(name)} 앱에서 두 번째 확인을 요청하는데, 이 계정에는 아직 없어요.`,
    words: '계정에 추가한 뒤 다시 시도해 주세요.',
    back: (name) => html`${foreign(name)} 앱으로 돌아가기`,
  },
  consent: {
    title: (name) => `${name} 앱에 접근을 허용할까요?`,
    heading: (name) => html`${foreign(name)} 앱에 접근을 허용할까요?`,
    asks: (name, at, who) => html`${app(name, at)}에서 ${strong(who)} 계정으로 다음을 하려고 해요.`,
    allow: '허용',
    deny: '나중에',
    askedEachTime: (at) => html`어느 쪽을 골라도 ${host(at)} 주소로 돌아가고, 매번 다시 물어요.`,
    remembered: (at) =>
      at === ''
        ? html`앱이 더 요청할 때만 다시 물어요.`
        : html`어느 쪽을 골라도 ${host(at)} 주소로 돌아가고, 앱이 더 요청할 때만 다시 물어요.`,
    policy: '앱의 개인정보 처리방침',
    terms: '앱의 이용약관',
    stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 다시 선택해 주세요.',
    changed: '앱이 소개한 내용이 바뀌었어요. 다시 확인해 주세요.',
    nothing: '선택한 항목이 없어요. 허용할 항목을 고르거나 “나중에”를 눌러 주세요.',
    published: (at) =>
      html`확인되지 않은 앱: 앱 정보는 ${host(at)} 주소에서 가져왔고, 주소 말고는 아무것도 확인하지 않았어요. 믿을 수
      있는 앱일 때만 계속해 주세요.`,
    loopback: '이 기기에서 실행되는 앱이에요. 직접 시작한 앱일 때만 계속해 주세요.',
    whileSignedIn: '이 브라우저에 로그인해 있는 동안만 접근할 수 있어요.',
    notYou: '본인이 아니신가요? 다른 계정으로 하기',
  },
  device,
  continue: {
    heading: '로그인되어 있어요',
    asks: (name, at, who) => html`${app(name, at)}에서 ${strong(who)} 계정으로 계속하려고 해요.`,
    submit: (name) => html`${foreign(name)} 앱으로 계속`,
    title: (name) => `${name} 앱으로 계속`,
    stop: '방금 이 앱을 직접 열었을 때만 계속해 주세요. 아니라면 이 페이지를 닫아 주세요.',
    stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 다시 시도해 주세요.',
  },
  selectAccount: {
    title: '계정을 선택해 주세요',
    submit: (who) => html`${foreign(who)} 계정으로 계속`,
    another: '다른 계정으로 하기',
    cancel: (name) => html`${foreign(name)} 앱으로 돌아가기`,
    stale: '페이지를 너무 오래 열어 두었거나 브라우저에 쿠키가 남아 있지 않아요. 다시 선택해 주세요.',
  },
  lost: {
    expired: {
      title: '시간이 지났어요',
      words: '안전을 위해 로그인은 한 시간 안에 마쳐야 해요. 계정에는 아무 일도 없어요.',
    },
    unknown: {
      title: '이미 끝난 로그인이에요',
      words: '다른 탭에서 마쳤거나, 마친 뒤에 뒤로 돌아온 것 같아요. 여기서 더 할 일은 없어요.',
    },
    foreign: {
      title: '다른 곳에서 시작한 로그인이에요',
      words: '다른 브라우저에서 시작했거나 그사이 이 브라우저의 쿠키가 지워졌어요. 시작한 곳에서만 이어갈 수 있어요.',
    },
    again: '다시 시작하기',
    back: (name) => html`${foreign(name)} 앱으로 돌아가기`,
    open: (name, at) => html`계속하려면 ${app(name, at)}을 다시 열고 거기서 로그인해 주세요.`,
    openSome: '계속하려면 앱을 다시 열고 거기서 로그인해 주세요.',
  },
  signOut: {
    title: '로그아웃할까요?',
    words: (who) =>
      who === undefined
        ? html`이 브라우저에서 이 계정으로 쓰는 모든 앱에서 로그아웃돼요.`
        : html`이 브라우저에서 ${strong(who)} 계정으로 쓰는 모든 앱에서 로그아웃돼요.`,
    byApp: (name) => html`${strong(name)} 앱에서 요청했어요.`,
    submit: '로그아웃',
    stay: '계속 로그인해 두려면 이 페이지를 닫아 주세요.',
    done: '로그아웃했어요',
    doneWords: '이 페이지를 닫아도 돼요.',
    doneApps: '쓰던 앱에서도 로그아웃하고 있어요. 화면이 바뀌지 않으면 계속을 눌러 주세요.',
    goOn: '계속',
    doneBack: (name) => html`이 페이지를 닫거나 ${strong(name)} 앱을 다시 열어 주세요.`,
  },
  formPost: {
    title: '앱으로 돌아가요',
    words: (name: string) => html`${strong(name)} 앱으로 돌아가고 있어요. 화면이 바뀌지 않으면 계속을 눌러 주세요.`,
    submit: '계속',
  },
  error: {
    titles: {
      request: '요청을 계속할 수 없어요',
      access: '접근이 거절됐어요',
      notFound: '없는 페이지예요',
      tooMuch: '내용이 너무 길어요',
      cookies: '브라우저가 보낸 내용이 너무 많아요',
      busy: '지금은 이용할 수 없어요',
      server: '서버에 문제가 생겼어요',
    },
    words: {
      request:
        '앱이 보낸 요청에 잘못된 곳이 있어요. 앱으로 돌아가 다시 시도해 주세요. 그래도 안 되면 아래 내용을 앱 운영자에게 알려 주세요.',
      access: '여기서는 허용되지 않는 요청이에요. 앱으로 돌아가 다른 방법을 찾아 주세요.',
      tooMuch: '뒤로 가서 입력한 내용을 줄인 다음 다시 보내 주세요.',
      cookies: '이 사이트의 쿠키를 지우고, 앱으로 돌아가 다시 시도해 주세요.',
      notFound: '주소가 잘못됐거나 페이지가 옮겨졌어요.',
      busy: '지금은 답할 수 없어요. 잃어버린 것은 없으니 몇 초 뒤에 페이지를 새로 고쳐 주세요.',
      server: '고객님 잘못이 아니에요. 잠시 뒤에 다시 시도하고, 계속되면 아래 요청 번호를 알려 주세요.',
    },
    unregistered: {
      title: '앱 설정이 올바르지 않아요',
      words: (name) =>
        html`${strong(name)} 앱이 등록되지 않은 주소로 돌아가게 해 달라고 했어요. 계정에는 아무 일도 없었어요. 아래
        내용을 앱 개발자에게 알려 주세요.`,
      sent: '보낸 주소',
      registered: '등록된 주소',
      none: '없음',
      nearest: '가장 비슷한 주소',
      command: '등록하려면',
    },
    home: '시작 페이지로 가기',
    code: '오류',
    detail: '내용',
    requestId: '요청 번호',
  },
  home: {
    title: 'Signet',
    heading: '모든 앱을 하나의 계정으로',
    words: '이 서버는 앱에 사람을 로그인시키고, 기계에 접근 토큰을 발급해요.',
    personal: '한 번 로그인하고, 앱마다 무엇을 허용할지 정할 수 있어요.',
    links: {
      account: '내 계정',
      console: '관리자 콘솔',
      docs: '문서',
      discovery: '디스커버리 문서',
    },
  },
}
