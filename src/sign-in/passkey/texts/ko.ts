/** The Korean strings of the passkey parts. */
import type { PasskeyTexts } from './en.ts'

export const ko: PasskeyTexts = {
  signIn: {
    submit: '패스키로 로그인',
    failed: '패스키를 사용하지 않았어요. 다시 시도하거나 다른 방법으로 로그인해 주세요.',
  },
  add: {
    name: '이름',
    nameHelp: '나중에 알아볼 수 있게 기기 이름처럼 적어 주세요.',
    suggestion: '패스키',
    submit: '패스키 추가',
    failed: '패스키를 추가하지 않았어요. 준비되면 다시 시도해 주세요.',
    known: '이 기기에는 이미 이 계정의 패스키가 있어요.',
    without: '이 브라우저에서는 패스키를 만들 수 없어요. 다른 브라우저나 휴대전화에서 열어 주세요.',
  },
  list: {
    empty: '아직 패스키가 없어요. 패스키가 있으면 지문, 얼굴, 기기 PIN으로 로그인할 수 있어요.',
    synced: '동기화된 기기에서 사용',
    single: '기기 한 대에서 사용',
    added: (date) => `${date}에 추가`,
    used: (date) => `${date}에 마지막으로 사용`,
    unused: '아직 사용하지 않음',
    changed: (date) => `달라져서 ${date}에 거부됨`,
    replace: (name) => `${name} 새로 바꾸기`,
    replacing:
      '이 패스키의 응답이 이전과 맞지 않아요. 기기가 초기화됐거나 누군가 복사했을 수 있어요. 아래에서 새 패스키를 추가한 뒤 이 패스키를 삭제해 주세요.',
    rename: (name) => `${name} 이름 바꾸기`,
    newName: '새 이름',
    save: '이름 저장',
    remove: (name) => `${name} 삭제`,
    removing: '이 패스키로는 더 이상 로그인할 수 없어요. 보관된 곳에서도 직접 지워야 할 수 있어요.',
    removeIt: '패스키 삭제',
  },
}
