import { foreign, say } from '../text/text.ts';
import { saysOff, written } from './settings-changed.ts';
import type { Labels, Templates } from './templates.ts';

export const koLabels: Labels = {
  transaction: '거래',
  agent: '에이전트',
  session: '세션',
  amount: '금액',
  asset: '자산',
  to: '받는 주소',
  network: '네트워크',
  memo: '메모',
  hash: '해시',
  until: '승인 기한',
  executesAt: '실행 시각',
};

const SUSPENDED_FOR = {
  kill_switch: '킬 스위치',
  policy_violation: '정책 위반',
  manual: '수동 정지',
  auto_stop: '자동 정지 규칙',
} as const;

const CHANGED = { created: '추가', updated: '변경', deleted: '삭제' } as const;

/** Messages in Korean. */
export const ko: Templates = {
  TX_NOTIFY: ({ payment }, words) => ({
    title: `거래 실행됨: ${words.amount(payment)}`,
    body: say`에이전트 ${words.agent(payment.agentId)}: ${words.amount(payment)}을(를) ${words.short(payment.to)} 주소로 보냈습니다.`,
  }),
  TX_DELAY_QUEUED: ({ payment, executesAt }, words) => ({
    title: `거래 대기 중: ${words.amount(payment)}`,
    body: say`에이전트 ${words.agent(payment.agentId)}: ${words.amount(payment)}을(를) ${payment.to} 주소로 보내려고 합니다. ${words.secondsUntil(executesAt)}초 후(${words.time(executesAt)})에 자동으로 실행됩니다. 중지하려면: waiaas owner reject ${payment.txId}`,
  }),
  TX_DELAY_EXECUTED: ({ payment }, words) => ({
    title: `지연 거래 실행됨: ${words.amount(payment)}`,
    body: say`대기 시간이 끝나 에이전트 ${words.agent(payment.agentId)}의 거래가 실행되었습니다. ${words.amount(payment)}이(가) ${words.short(payment.to)} 주소로 전송되었습니다.`,
  }),
  TX_APPROVAL_REQUEST: ({ payment, expiresAt }, words) => ({
    title: `승인 요청: ${words.amount(payment)} 전송`,
    body: say`에이전트 ${words.agent(payment.agentId)}: ${payment.chain} ${payment.network}에서 ${words.amount(payment)}을(를) ${payment.to} 주소로 보내도록 승인을 요청합니다. ${words.minutesUntil(expiresAt)}분 이내(${words.time(expiresAt)}까지)에 소유자 지갑으로 서명하지 않으면 지급되지 않습니다. 승인: waiaas owner approve ${payment.txId}. 거부: waiaas owner reject ${payment.txId}`,
  }),
  TX_APPROVAL_EXPIRED: ({ payment, reason }, words) => ({
    title: '승인 만료',
    body: {
      timeout: say`에이전트 ${words.agent(payment.agentId)}의 ${words.amount(payment)} 거래가 기한 내에 승인되지 않았습니다. 지급되지 않았습니다. 거래: ${payment.txId}`,
      owner_changed: say`소유자가 변경되어 에이전트 ${words.agent(payment.agentId)}의 ${words.amount(payment)} 승인 요청이 종료되었습니다. 지급되지 않았습니다. 거래: ${payment.txId}`,
      owner_disconnected: say`소유자 연결이 해제되어 에이전트 ${words.agent(payment.agentId)}의 ${words.amount(payment)} 승인 요청이 종료되었습니다. 지급되지 않았습니다. 거래: ${payment.txId}`,
    }[reason],
  }),
  TX_CONFIRMED: ({ payment, txHash }, words) => ({
    title: `거래 확정: ${words.amount(payment)}`,
    body: say`에이전트 ${words.agent(payment.agentId)}의 ${words.amount(payment)}이(가) ${words.short(payment.to)} 주소에 도착했습니다. 해시: ${txHash}`,
  }),
  TX_FAILED: ({ payment, code }, words) => ({
    title: `거래 실패: ${words.amount(payment)}`,
    body: say`에이전트 ${words.agent(payment.agentId)}: ${words.short(payment.to)} 주소로 ${words.amount(payment)}을(를) 보내지 못했습니다. 오류: ${code}`,
  }),
  TX_CANCELLED: ({ payment, by, code, reason }, words) => ({
    title: `거래 취소됨: ${words.amount(payment)}`,
    body: say`에이전트 ${words.agent(payment.agentId)}: ${words.short(payment.to)} 주소로 대기 중이던 ${words.amount(payment)} 거래가 취소되었습니다(${words.actor(by)}, ${code}). 지급되지 않았습니다.${reason === null ? '' : say` 사유: ${foreign(reason)}`}`,
  }),
  TX_LATE_LANDING: ({ payment, txHash }, words) => ({
    title: `뒤늦게 실행된 거래: ${words.amount(payment)}`,
    body: say`포기한 것으로 처리했던 에이전트 ${words.agent(payment.agentId)}의 거래가 체인에서 실행되었습니다. ${words.amount(payment)}이(가) ${words.short(payment.to)} 주소로 전송되었으며 한도에 포함됩니다. 해시: ${txHash}`,
  }),

  SESSION_CREATED: ({ agentId, expiresAt, by }, words) => ({
    title: '세션 생성됨',
    body: say`에이전트 ${words.agent(agentId)}의 세션이 생성되었습니다(${words.actor(by)}). ${words.time(expiresAt)}에 만료됩니다.`,
  }),
  SESSION_RENEWED: ({ agentId, expiresAt, renewalsLeft }, words) => ({
    title: '세션 갱신됨',
    body: say`에이전트 ${words.agent(agentId)}의 세션이 ${words.time(expiresAt)}까지 갱신되었습니다. 남은 갱신 횟수: ${renewalsLeft}회.`,
  }),
  SESSION_REVOKED: ({ agentId, by, transactionsCancelled }, words) => ({
    title: '세션 폐기됨',
    body: say`에이전트 ${words.agent(agentId)}의 세션이 폐기되었습니다(${words.actor(by)}). 취소된 대기 거래: ${transactionsCancelled}건.`,
  }),
  SESSION_EXPIRING: ({ agentId, expiresAt }, words) => ({
    title: '세션 만료 예정',
    body: say`에이전트 ${words.agent(agentId)}의 세션이 ${words.time(expiresAt)}에 만료됩니다. 계속 사용하려면 새 세션을 발급하세요.`,
  }),

  AGENT_CREATED: ({ agentId, chain, network, publicKey, by }, words) => ({
    title: '에이전트 생성됨',
    body: say`${chain} ${network}에 에이전트 ${words.agent(agentId)}이(가) 생성되었습니다(${words.actor(by)}). 주소: ${publicKey}`,
  }),
  AGENT_SUSPENDED: ({ agentId, reason, by }, words) => ({
    title: '에이전트 정지됨',
    body: say`에이전트 ${words.agent(agentId)}이(가) 정지되었습니다(${words.actor(by)}). 사유: ${SUSPENDED_FOR[reason]}. 재개할 때까지 지급할 수 없습니다.`,
  }),
  AGENT_RESUMED: ({ agentId, by }, words) => ({
    title: '에이전트 재개됨',
    body: say`에이전트 ${words.agent(agentId)}이(가) 재개되었습니다(${words.actor(by)}). 다시 지급할 수 있습니다.`,
  }),

  AGENT_TERMINATING: ({ agentId, by }, words) => ({
    title: '에이전트 종료 중',
    body: say`에이전트 ${words.agent(agentId)}의 영구 종료가 시작되었습니다(${words.actor(by)}). 더 이상 지급할 수 없으며, 보유 자산은 소유자에게 전송됩니다.`,
  }),
  AGENT_TERMINATED: ({ agentId }, words) => ({
    title: '에이전트 종료됨',
    body: say`에이전트 ${words.agent(agentId)}이(가) 종료되었습니다. 키는 보관되며, 이후 이 주소로 입금된 자산도 회수할 수 있습니다.`,
  }),
  AGENT_TERMINATION_STUCK: ({ agentId, problem }, words) => ({
    title: '에이전트를 종료할 수 없음',
    body: say`에이전트 ${words.agent(agentId)}의 종료를 자동으로 완료할 수 없습니다: ${problem}. 남은 자산은 "waiaas agent recalls"에서 확인하세요. 소유자는 "waiaas agent terminate --waive"로 포기할 수 있습니다.`,
  }),
  LATE_DEPOSIT: ({ agentId, address }, words) => ({
    title: '종료된 에이전트에 입금됨',
    body: say`종료된 에이전트 ${words.agent(agentId)}의 주소 ${address}(으)로 입금되었습니다. 회수하려면: waiaas agent recall`,
  }),
  RECALL_REQUESTED: ({ agentId, destination, by }, words) => ({
    title: '자산 회수 시작',
    body: say`에이전트 ${words.agent(agentId)}의 모든 자산을 ${destination}(으)로 회수합니다(${words.actor(by)}). 에이전트는 정지되었습니다. 본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
  }),
  RECALL_ENDED: ({ agentId, destination, status, moved, left }, words) => ({
    title: { COMPLETED: '회수 완료', PARTIAL: '일부만 회수됨', FAILED: '회수 실패' }[status],
    body: say`에이전트 ${words.agent(agentId)}의 자산을 ${destination}(으)로 회수하는 작업이 끝났습니다. 전송 완료: ${moved}건, 남은 자산: ${left}건.`,
  }),
  RECOVERY_ADDRESS_SET: ({ agentId, address, activeFrom, by }, words) => ({
    title: '회수 주소 등록됨',
    body: say`에이전트 ${words.agent(agentId)}의 모든 자산을 보낼 수 있는 주소로 ${address}이(가) 등록되었습니다(${words.actor(by)}). ${words.time(activeFrom)}부터 유효합니다. 본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
  }),

  POLICY_CHANGED: ({ change, policyType, policyId, agentId, by }, words) => ({
    title: `정책 ${CHANGED[change]}: ${policyType}`,
    body: say`${agentId === null ? '모든 에이전트' : say`에이전트 ${words.agent(agentId)}`}의 정책이 ${CHANGED[change]}되었습니다(${words.actor(by)}). 본인이 한 일이 아니라면 킬 스위치를 작동하세요. 정책: ${policyId}`,
  }),
  OWNER_CHANGED: ({ change, chain, address, by }, words) => ({
    title: { connected: '소유자 연결됨', changed: '소유자 변경됨', disconnected: '소유자 연결 해제됨' }[change],
    body: {
      connected: say`지갑 ${address}(${chain})이(가) 소유자가 되었으며, 이 지갑의 서명으로 지급을 승인합니다(${words.actor(by)}). 본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
      changed: say`소유자가 지갑 ${address}(${chain})(으)로 변경되었습니다(${words.actor(by)}). 본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
      disconnected: say`지갑 ${address}(${chain})은(는) 더 이상 소유자가 아닙니다. 이제 아무도 지급을 승인할 수 없습니다(${words.actor(by)}). 본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
    }[change],
  }),

  CHANNEL_CHANGED: ({ change, channelType, channelName, by }, words) => ({
    title: `알림 채널 ${CHANGED[change]}: ${channelType}`,
    body: say`${words.actor(by)}: 채널 ${foreign(channelName)} ${CHANGED[change]}. 알림은 "waiaas notifications list"에 표시되는 채널로 전달됩니다. 본인이 아니라면 킬 스위치를 작동하세요.`,
  }),
  SETTINGS_CHANGED: ({ changes, by }, words) => ({
    title: saysOff(changes) ? '알림 꺼짐' : '설정 변경됨',
    body: say`${words.actor(by)}: ${written(changes)}(으)로 설정했습니다. ${
      saysOff(changes) ? '이제부터 설정 변경 외에는 알리지 않습니다. ' : ''
    }본인이 한 일이 아니라면 킬 스위치를 작동하세요.`,
  }),
  AUTO_STOP_RULE_CHANGED: ({ change, ruleType, ruleId, agentId, action, enabled, by }, words) => ({
    title: `자동 정지 규칙 ${CHANGED[change]}: ${ruleType}`,
    body: say`${agentId === null ? '모든 에이전트' : say`에이전트 ${words.agent(agentId)}`}의 자동 정지 규칙이 ${CHANGED[change]}되었습니다(${action}, ${enabled ? '켜짐' : '꺼짐'}, ${words.actor(by)}). 본인이 한 일이 아니라면 킬 스위치를 작동하세요. 규칙: ${ruleId}`,
  }),
  TELEGRAM_PAIRING_CHANGED: ({ change, channelName, by }, words) => ({
    title: { paired: '텔레그램 채팅 연결됨', unpaired: '텔레그램 채팅 연결 해제됨' }[change],
    body: {
      paired: say`채널 ${foreign(channelName)}의 채팅에서 거래 거부, 세션 종료, 전체 정지를 할 수 있습니다. 실행: ${words.actor(by)}. 본인이 아니라면: waiaas telegram unpair`,
      unpaired: say`채널 ${foreign(channelName)}의 채팅에서는 더 이상 아무것도 할 수 없습니다. 실행: ${words.actor(by)}.`,
    }[change],
  }),
  KILL_SWITCH_ACTIVATED: (event, words) => ({
    title: '킬 스위치 작동',
    body: say`${words.time(event.activatedAt)}에 모든 동작이 중지되었습니다(${words.actor(event.by)}). 사유: ${foreign(event.reason)} 모든 세션 폐기(${event.sessionsRevoked}건), 대기 거래 취소(${event.transactionsCancelled}건), 에이전트 정지(${event.agentsSuspended}개). 복구하려면 소유자 인증과 마스터 비밀번호가 필요합니다.`,
  }),
  KILL_SWITCH_RECOVERED: ({ by, agentsReactivated, recoveredAt }, words) => ({
    title: '킬 스위치 복구됨',
    body: say`${words.time(recoveredAt)}에 시스템이 다시 가동되었습니다(${words.actor(by)}). 재개된 에이전트: ${agentsReactivated}개. 세션은 새로 발급해야 합니다.`,
  }),
  AUTO_STOP_TRIGGERED: ({ agentId, ruleType, action, reason }, words) => ({
    title:
      action === 'WARN'
        ? `자동 정지 경고: ${ruleType}`
        : action === 'SUSPEND_AGENT'
          ? `에이전트 정지됨: ${agentId.slice(0, 8)}…`
          : `자동 정지: 킬 스위치 (${ruleType})`,
    body: say`에이전트 ${words.agent(agentId)}: ${foreign(reason)} ${
      {
        WARN: '정지된 것은 없습니다.',
        SUSPEND_AGENT: '에이전트가 정지되었습니다. 확인한 뒤 재개하세요.',
        KILL_SWITCH: '킬 스위치가 작동되었습니다.',
      }[action]
    }`,
  }),

  SEAL_BROKEN: ({ what, id, agentId }, words) => ({
    title: `데이터베이스 변조 감지: ${what}`,
    body: say`데몬이 기록하지 않은 ${what} 레코드가 발견되었습니다${id === null ? '' : ` (${id})`}${agentId === null ? '' : say`. 에이전트: ${words.agent(agentId)}`}. 이 레코드는 사용되지 않으며 아무것도 허용하지 않습니다. 누군가 데이터베이스를 수정했으므로 확인하고 백업으로 복원하세요.`,
  }),
  AUDIT_CHAIN_BROKEN: ({ sealedTo }) => ({
    title: '감사 로그 변조 감지',
    body: say`감사 로그가 기록된 내용과 다릅니다. 다른 누군가가 데이터베이스를 수정했습니다. ${sealedTo === null ? '' : `봉인된 마지막 행: ${sealedTo}. `}무엇이 바뀌었는지 확인: waiaas audit verify`,
  }),

  AUDIT_HEAD: ({ auditId, line }) => ({
    title: `감사 로그 봉인: ${auditId}행까지`,
    body: say`아무도 바꿀 수 없는 곳에 보관하세요. 이런 줄을 모은 파일로 나중에 로그가 바뀌었는지 확인할 수 있습니다: waiaas audit verify --anchors <file>. ${line}`,
  }),
  DAILY_SUMMARY: ({ day, confirmed, failed, paid, morePaid, waitingApprovals, suspendedAgents }, words) => ({
    title: `${day} 요약`,
    body: say`확정된 거래 ${confirmed}건, 실패 ${failed}건. ${
      paid.length === 0
        ? '지급된 금액이 없습니다.'
        : `지급: ${words.amounts(paid)}${morePaid === 0 ? '' : ` 외 자산 ${morePaid}종`}.`
    } 승인 대기: ${waitingApprovals}건. 정지된 에이전트: ${suspendedAgents}개.`,
  }),
  NETWORK_PAUSED: ({ chain, network, until }, words) => ({
    title: `네트워크 연결 불가: ${chain} ${network}`,
    body: say`${chain} ${network}의 거래가 네트워크 문제로 계속 실패했습니다. ${words.time(until)}에 다시 시도할 때까지 새 거래는 거부되고 지연된 거래는 대기합니다. 이미 전송된 거래는 계속 추적합니다. 이 일로 정지되는 에이전트는 없습니다.`,
  }),

  DAEMON_STARTED: ({ version, cancelled, failed, expired, followed }) => ({
    title: '데몬 시작됨',
    body: say`WAIaaS ${version}이(가) 실행 중입니다.${
      cancelled + failed + expired + followed === 0
        ? ''
        : ` 이전 실행에서 남은 거래: 취소 ${cancelled}건, 실패 ${failed}건, 만료 ${expired}건, 추적 중 ${followed}건.`
    }`,
  }),
  DAEMON_STOPPED: ({ reason }) => ({
    title: '데몬 중지됨',
    body: say`WAIaaS가 중지되었습니다: ${foreign(reason)}. 다시 시작할 때까지 에이전트는 지급할 수 없습니다.`,
  }),
  DAEMON_CRASHED: ({ kind }) => ({
    title: '데몬 비정상 종료',
    body: say`오류로 WAIaaS가 종료되었습니다(${kind}). 다시 실행될 때까지 에이전트는 지급할 수 없습니다. 로그를 확인하세요.`,
  }),

  CHANNEL_UNHEALTHY: ({ channelName, failures }) => ({
    title: '알림 채널 연결 불가',
    body: say`채널 ${foreign(channelName)}이(가) 연속 ${failures}회 실패했습니다. 복구될 때까지 연락 가능한 채널로 인정되지 않습니다.`,
  }),
  CHANNEL_TEST: ({ channelName, by }, words) => ({
    title: '테스트 메시지',
    body: say`채널 ${foreign(channelName)}이(가) 정상 동작합니다. 요청자: ${words.actor(by)}.`,
  }),
};
