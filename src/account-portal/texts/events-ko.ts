/** The Korean descriptions of audit events on the activity page. */
import type { PortalTexts } from './en.ts'

export const EVENTS: PortalTexts['activity']['events'] = {
  'sign_in.succeeded': '본인 확인을 마쳤어요',
  'sign_in.failed': '누군가 이 계정으로 로그인하려다 거절됐어요',
  'password.changed': '비밀번호를 바꿨어요',
  'password.reset': '새 비밀번호를 정했어요',
  'factor.added': '로그인 방법이 추가됐어요',
  'factor.renamed': '로그인 방법의 이름이 바뀌었어요',
  'factor.removed': '로그인 방법이 삭제됐어요',
  'email_code.requested': '코드가 담긴 메일을 요청했어요',
  'email_code.accepted': '메일로 받은 코드나 링크를 사용했어요',
  'email_code.refused': '메일로 받은 코드나 링크가 거절됐어요',
  'session.ended': '세션이 끝났어요',
  'session.others_ended': '다른 모든 곳에서 로그아웃했어요',
  'account_page.refused': '이 페이지에서 보내지 않은 요청을 거절했어요',
  'consent.granted': '앱에 계정 접근을 허용했어요',
  'consent.denied': '앱의 접근을 허용하지 않았어요',
  'consent.withdrawn': '앱의 접근을 해제했어요',
  'token.reused': '앱에서 이미 쓴 토큰이 다시 쓰여 접근을 끊었어요',
  'account.linked': '다른 로그인 방법이 연결됐어요',
  'account.unlinked': '다른 로그인 방법의 연결이 해제됐어요',
  'account.created': '계정이 만들어졌어요',
  'account.updated': '프로필이 바뀌었어요',
  'account.enabled': '계정이 다시 켜졌어요',
  'account.disabled': '계정이 중지됐어요',
}
