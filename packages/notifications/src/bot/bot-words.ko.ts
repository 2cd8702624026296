import { foreign, say } from '../text/text.ts';
import type { BotWords } from './bot-words.ts';

/** `2027-01-15 08:00 UTC`. */
const timeOf = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}일 ${hours}시간`;
  return hours > 0 ? `${hours}시간 ${minutes}분` : `${minutes}분`;
}

/** The bot in Korean. */
export const botKo: BotWords = {
  commands: {
    start: '이 봇에 대하여',
    auth: '이 채팅을 데몬과 연결',
    status: '상태, 세션, 에이전트, 대기 중인 거래',
    sessions: '열린 세션과 종료 버튼',
    revoke: '세션 종료: /revoke <id>',
    killswitch: '모든 것을 정지',
    pending: '대기 중인 거래',
    help: '명령과 권한',
  },
  labels: { approve: '승인', reject: '거부', revoke: '세션 종료', confirm: '모두 정지', cancel: '취소' },
  introduction: say`WAIaaS 지갑 데몬의 봇입니다. 에이전트가 하는 일을 소유자에게 알리고, 에이전트를 정지시킵니다. 이 채팅을 연결하려면: /auth. 명령: /help`,
  help: say`/status – 상태, 세션, 에이전트, 대기 중인 거래
/pending – 대기 중인 거래와 버튼
/sessions – 열린 세션과 버튼
/revoke <id> – 세션 종료
/killswitch – 확인 후 모든 것을 정지
/auth – 채팅 연결

이 채팅에서는 조회, 거래 거부, 세션 종료, 전체 정지를 할 수 있습니다. 거래 승인, 복구, 설정 변경에는 데몬에서 지갑 서명이나 마스터 비밀번호가 필요합니다.`,
  unknownCommand: say`모르는 명령입니다. 명령 목록: /help`,
  notAuthorised: '이 채팅은 데몬과 연결되어 있지 않습니다. 연결하려면: /auth',
  alreadyPaired: say`이 채팅은 이미 연결되어 있습니다.`,
  code: (code) => say`코드: ${code}
5분 안에 데몬에서 입력하세요: waiaas telegram verify ${code}`,
  tooManyCodes: say`발급된 코드가 너무 많습니다. 몇 분 후에 다시 시도하세요.`,
  paired: say`연결되었습니다. 이제 이 채팅으로 소식을 알리며, 여기에서 에이전트를 정지할 수 있습니다. /help`,
  locked: (state) =>
    say`킬 스위치 상태: ${state}. 아무것도 지급되지 않으며 여기에서는 아무것도 할 수 없습니다. 복구는 데몬에서만 가능합니다: waiaas recover`,
  status: (
    { killSwitch, agents, sessions, waiting, balances, unread, uptime },
    now,
  ) => say`${killSwitch === 'NORMAL' ? '🟢' : '🔴'} ${killSwitch}
${balances.length === 0 ? '' : `잔액: ${balances.join(', ')}\n`}${unread === 0 ? '' : `지금 잔액을 알 수 없는 지갑: ${unread}개\n`}세션: ${sessions}
활성 에이전트: ${agents.active} / ${agents.total}
승인 대기: ${waiting}
가동 시간: ${duration(uptime)}
${timeOf(now)}`,
  noSessions: say`열린 세션이 없습니다.`,
  session: ({ id, agentName, expiresAt }) => say`에이전트 ${foreign(agentName)}
종료: ${timeOf(expiresAt)}
세션 ${id}`,
  sessionRevoked: say`세션을 종료했습니다.`,
  sessionOver: say`이미 끝난 세션입니다.`,
  nothingWaits: say`대기 중인 거래가 없습니다.`,
  payment: ({ agentName, inWords, tier, memo, txId }, secondsLeft) => say`에이전트 ${foreign(agentName)}
${inWords === null ? '요청된 거래와 다릅니다. 실행되지 않습니다.' : foreign(inWords)}
${tier}, ${tier === 'DELAY' ? '자동 실행까지' : '만료까지'} ${duration(secondsLeft)}${
    memo === undefined
      ? ''
      : say`
메모: ${foreign(memo)}`
  }
거래 ${txId}`,
  more: say`더 있습니다. 전체 보기: waiaas owner pending`,
  rejected: say`거부했습니다. 지급되지 않습니다.`,
  preApproved: (txId, minutesLeft) =>
    say`기록했습니다. 아직 지급되지 않았습니다. ${minutesLeft}분 안에 지갑으로 확인하세요: waiaas owner approve ${txId}`,
  alreadyProcessed: (status) => say`이 거래는 더 이상 대기 중이 아닙니다 (${status}).`,
  notFound: say`더 이상 존재하지 않습니다.`,
  killSwitchQuestion: say`🔴 모든 것을 정지할까요? 모든 세션이 종료되고, 대기 중인 거래가 취소되며, 모든 에이전트가 정지되고 키가 잠깁니다. 복구하려면 데몬에서 마스터 비밀번호와 지갑 서명이 필요합니다.`,
  killSwitchAlready: (state) => say`킬 스위치가 이미 ${state} 상태입니다. 복구는 데몬에서만 가능합니다: waiaas recover`,
  killSwitchEngaged: ({ sessionsRevoked, transactionsCancelled, agentsSuspended }) =>
    say`🔴 모두 정지되었습니다. 종료된 세션: ${sessionsRevoked}. 취소된 거래: ${transactionsCancelled}. 정지된 에이전트: ${agentsSuspended}. 복구: waiaas recover`,
  killSwitchCancelled: say`아무것도 정지하지 않았습니다.`,
  killSwitchTooLate: say`너무 오래된 질문입니다. 아무것도 정지하지 않았습니다. 다시 물으려면: /killswitch`,
  failed: (code) => say`실패했습니다 (${code}). 아무것도 바뀌지 않았습니다.`,
};
