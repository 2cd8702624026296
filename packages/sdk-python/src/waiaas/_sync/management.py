# Made by tools/generate_sync.py from _async/management.py. Do not edit.
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import BaseModel

from .._http import encode_body, encode_id, encode_query
from .._time import iso_time
from ..errors import local_error
from ..models import (
    AgentCreate,
    AgentBudgetResponse,
    AgentDetailResponse,
    AgentListResponse,
    AgentSummary,
    AssetsResponse,
    AuditLogResponse,
    AuditVerification,
    AutoStopRule,
    AutoStopRuleCreate,
    AutoStopRuleDeleteResponse,
    AutoStopRuleListResponse,
    AutoStopRuleUpdate,
    BalanceHistoryResponse,
    CreateNotificationChannelRequest,
    CreatePolicyRequest,
    DashboardResponse,
    DeadLetterListResponse,
    DecisionRecordResponse,
    KillSwitchResponse,
    NotificationChannelDeleteResponse,
    NotificationChannelListResponse,
    NotificationChannelResponse,
    NotificationChannelTestResponse,
    NotificationLogResponse,
    OwnerRejectResponse,
    OwnerStatusResponse,
    OwnerTransaction,
    OwnerTransactionListResponse,
    PendingApproval,
    PendingApprovalListResponse,
    PolicyDeleteResponse,
    PolicyEvaluationRequest,
    PolicyEvaluationResponse,
    PolicyListResponse,
    PolicyResponse,
    RecallListResponse,
    RecallRequest,
    RecallResponse,
    RecoveryAddressResponse,
    RedeliverRequest,
    RedeliverResponse,
    ReplayResponse,
    SessionConstraints,
    SessionCreateResponse,
    SessionListResponse,
    SessionRevokeResponse,
    SettingsResponse,
    TelegramUnpairResponse,
    TelegramVerifyResponse,
    UpdateNotificationChannelRequest,
    UpdatePolicyRequest,
    UpdateSettingsRequest,
    UpdateSettingsResponse,
)

A = TypeVar("A", bound=BaseModel)
Order = Literal["asc", "desc"]
BalancePeriod = Literal["day", "week", "month", "year"]


class ManagementClient(ABC):
    """What an operator and an owner can both do. Requests that change something are sent once: after a TIMEOUT or a
    NETWORK_ERROR look before you ask again."""

    @abstractmethod
    def _manage(self, method: str, path: str, answer: type[A], action: str, body: str | None = None) -> A:
        """Makes a call with the client's credential; ``action`` is what an owner's signature for it authorises."""

    @abstractmethod
    def create_session(
        self, *, agent_id: str, expires_in: int | None = None, constraints: SessionConstraints | None = None
    ) -> SessionCreateResponse:
        """Opens a session for an agent. Its token is in the answer and never shown again."""

    @abstractmethod
    def reject_transaction(
        self, transaction: str | PendingApproval, *, reason: str | None = None
    ) -> OwnerRejectResponse:
        """Ends a payment that waits."""

    def create_agent(self, agent: AgentCreate) -> AgentSummary:
        """Creates an agent with a wallet of its own."""
        return self._manage("POST", "/v1/agents", AgentSummary, "manage_sessions", encode_body(agent))

    def list_agents(self) -> AgentListResponse:
        """All agents."""
        return self._manage("GET", "/v1/agents", AgentListResponse, "manage_sessions")

    def get_agent(self, agent_id: str) -> AgentSummary:
        """One agent."""
        agents = (self.list_agents()).agents
        for agent in agents:
            if agent.id == agent_id:
                return agent
        raise local_error("AGENT_NOT_FOUND", "There is no agent with that id", 404)

    def get_agent_detail(self, agent_id: str) -> AgentDetailResponse:
        """An agent with its newest transactions, its live sessions and the policies that can hold for it."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}"
        return self._manage("GET", path, AgentDetailResponse, "manage_sessions")

    def get_agent_assets(self, agent_id: str) -> AssetsResponse:
        """What the wallet of an agent holds, read from the chain; the native asset first."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/assets"
        return self._manage("GET", path, AssetsResponse, "view_dashboard")

    def get_agent_budget(self, agent_id: str, *, token_mint: str | None = None) -> AgentBudgetResponse:
        """What the policies leave an agent of one asset, whatever its sessions."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/budget{encode_query({'tokenMint': token_mint})}"
        return self._manage("GET", path, AgentBudgetResponse, "view_dashboard")

    def get_balance_history(self, agent_id: str, *, period: BalancePeriod | None = None) -> BalanceHistoryResponse:
        """What was seen in the wallet of an agent over time, to look at; a week when no period is given."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/balance-history{encode_query({'period': period})}"
        return self._manage("GET", path, BalanceHistoryResponse, "view_dashboard")

    def list_transactions(
        self,
        *,
        agent_id: str | None = None,
        session_id: str | None = None,
        status: str | None = None,
        tier: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> OwnerTransactionListResponse:
        """Payments of all agents, newest first unless asked otherwise."""
        query = {
            "agentId": agent_id,
            "sessionId": session_id,
            "status": status,
            "tier": tier,
            "limit": limit,
            "cursor": cursor,
            "order": order,
        }
        path = f"/v1/owner/transactions{encode_query(query)}"
        return self._manage("GET", path, OwnerTransactionListResponse, "view_dashboard")

    def get_transaction(self, transaction_id: str) -> OwnerTransaction:
        """A payment of any agent."""
        path = f"/v1/owner/transactions/{encode_id(transaction_id)}"
        return self._manage("GET", path, OwnerTransaction, "view_dashboard")

    def suspend_agent(self, agent_id: str) -> AgentSummary:
        """Stops an agent from paying, at once."""
        path = f"/v1/agents/{encode_id(agent_id)}/suspend"
        return self._manage("POST", path, AgentSummary, "manage_sessions")

    def resume_agent(self, agent_id: str) -> AgentSummary:
        """Lets a suspended agent pay again."""
        path = f"/v1/agents/{encode_id(agent_id)}/resume"
        return self._manage("POST", path, AgentSummary, "manage_sessions")

    def terminate_agent(self, agent_id: str, *, waive: Sequence[str] = ()) -> AgentSummary:
        """Ends an agent for good: it pays nothing any more, at once; its funds go to the owner and its key is put away, in the
        background. It stays TERMINATING for as long as something cannot be moved. ``waive`` are ids of assets that may stay in
        the wallet for good; once an owner is connected, only the owner can."""
        path = f"/v1/agents/{encode_id(agent_id)}/terminate"
        body = encode_body({"waive": list(waive)})
        return self._manage("POST", path, AgentSummary, "manage_sessions", body)

    def recall_agent(self, agent_id: str, request: RecallRequest) -> RecallResponse:
        """Sends everything an agent holds to an address of the owner's, tokens first; the agent is suspended in the same step.
        It goes on in the background. An operator can name the owner's own address only; the owner also the agent's recovery
        address."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/recall"
        return self._manage("POST", path, RecallResponse, "recall", encode_body(request))

    def get_recall(self, recall_id: str) -> RecallResponse:
        """A recall as it stands."""
        return self._manage("GET", f"/v1/owner/recalls/{encode_id(recall_id)}", RecallResponse, "view_dashboard")

    def list_recalls(self, agent_id: str) -> RecallListResponse:
        """Recalls of an agent, newest first."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/recalls"
        return self._manage("GET", path, RecallListResponse, "view_dashboard")

    def get_recovery_address(self, agent_id: str) -> RecoveryAddressResponse:
        """Where an agent's funds may go beside the owner's own address."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/recovery-address"
        return self._manage("GET", path, RecoveryAddressResponse, "view_dashboard")

    def activate_kill_switch(self, reason: str) -> KillSwitchResponse:
        """Stops everything at once: sessions end, what waits is cancelled, agents are suspended; nothing is signed any more, and
        the daemon answers little else than a recovery."""
        body = encode_body({"reason": reason})
        return self._manage("POST", "/v1/owner/kill-switch", KillSwitchResponse, "kill_switch", body)

    def list_notification_channels(self) -> NotificationChannelListResponse:
        """The channels that the owner is told by, and how many of them reach one."""
        path = "/v1/owner/notification-channels"
        return self._manage("GET", path, NotificationChannelListResponse, "view_dashboard")

    def create_notification_channel(self, channel: CreateNotificationChannelRequest) -> NotificationChannelResponse:
        """Adds a notification channel; it is stored only once its service has been reached. For a webhook without a secret the
        daemon makes one: it is in the answer and never shown again."""
        path = "/v1/owner/notification-channels"
        return self._manage("POST", path, NotificationChannelResponse, "update_settings", encode_body(channel))

    def update_notification_channel(
        self, channel_id: str, change: UpdateNotificationChannelRequest
    ) -> NotificationChannelResponse:
        """Changes a notification channel. What is sent back as it was shown, masked, stays what it is."""
        path = f"/v1/owner/notification-channels/{encode_id(channel_id)}"
        return self._manage("PUT", path, NotificationChannelResponse, "update_settings", encode_body(change))

    def delete_notification_channel(self, channel_id: str) -> NotificationChannelDeleteResponse:
        """Removes a notification channel."""
        path = f"/v1/owner/notification-channels/{encode_id(channel_id)}"
        return self._manage("DELETE", path, NotificationChannelDeleteResponse, "update_settings")

    def test_notification_channel(self, channel_id: str) -> NotificationChannelTestResponse:
        """Sends a message over one channel, the way every message goes, and says what became of it."""
        path = f"/v1/owner/notification-channels/{encode_id(channel_id)}/test"
        return self._manage("POST", path, NotificationChannelTestResponse, "update_settings")

    def list_dead_letters(
        self,
        channel_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> DeadLetterListResponse:
        """Events that a webhook has not taken, newest first unless asked otherwise; kept for 72 hours once they are not tried
        any more. ``next_cursor`` leads to the next page."""
        query = {"limit": limit, "cursor": cursor, "order": order}
        path = f"/v1/owner/notification-channels/{encode_id(channel_id)}/dead-letters{encode_query(query)}"
        return self._manage("GET", path, DeadLetterListResponse, "view_dashboard")

    def redeliver(
        self, channel_id: str, *, delivery_id: str | None = None, cursor: str | None = None
    ) -> RedeliverResponse:
        """Sends a webhook again what it has not taken, oldest first, under the ids it had; or one of them. For more than a few,
        call again with ``next_cursor`` until it is None."""
        body = encode_body(RedeliverRequest(delivery_id=delivery_id, cursor=cursor))
        path = f"/v1/owner/notification-channels/{encode_id(channel_id)}/redeliver"
        return self._manage("POST", path, RedeliverResponse, "update_settings", body)

    def list_notification_log(
        self,
        *,
        channel_id: str | None = None,
        event: str | None = None,
        status: Literal["DELIVERED", "FAILED", "RATE_LIMITED", "ALL_FAILED"] | None = None,
        reference_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> NotificationLogResponse:
        """What became of every attempt to tell the owner something, newest first unless asked otherwise; ``next_cursor`` leads
        to the next page. ``reference_id`` is a transaction or a session."""
        query = {
            "channelId": channel_id,
            "event": event,
            "status": status,
            "referenceId": reference_id,
            "limit": limit,
            "cursor": cursor,
            "order": order,
        }
        path = f"/v1/owner/notification-log{encode_query(query)}"
        return self._manage("GET", path, NotificationLogResponse, "view_dashboard")

    def verify_telegram_chat(self, code: str) -> TelegramVerifyResponse:
        """Pairs the Telegram chat in which the bot has answered /auth with this code."""
        body = encode_body({"code": code})
        return self._manage("POST", "/v1/owner/telegram/verify", TelegramVerifyResponse, "update_settings", body)

    def unpair_telegram_chat(self) -> TelegramUnpairResponse:
        """Ends the pairing: from no chat can anything be done afterwards."""
        return self._manage("DELETE", "/v1/owner/telegram", TelegramUnpairResponse, "update_settings")

    def list_sessions(
        self,
        *,
        agent_id: str | None = None,
        active: bool | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> SessionListResponse:
        """Sessions, newest first unless asked otherwise, those that are over too unless ``active``."""
        query = {"agentId": agent_id, "active": active, "limit": limit, "cursor": cursor, "order": order}
        path = f"/v1/owner/sessions{encode_query(query)}"
        return self._manage("GET", path, SessionListResponse, "manage_sessions")

    def revoke_session(self, session_id: str) -> SessionRevokeResponse:
        """Ends a session at once, and cancels what it had waiting."""
        path = f"/v1/owner/sessions/{encode_id(session_id)}"
        return self._manage("DELETE", path, SessionRevokeResponse, "manage_sessions")

    def list_pending_approvals(
        self,
        *,
        agent_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> PendingApprovalListResponse:
        """Payments that wait for time or for the owner, with the words an owner signs to approve them."""
        query = {"agentId": agent_id, "limit": limit, "cursor": cursor, "order": order}
        path = f"/v1/owner/pending-approvals{encode_query(query)}"
        return self._manage("GET", path, PendingApprovalListResponse, "manage_sessions")

    def get_status(self) -> OwnerStatusResponse:
        """Who the owner is, and what waits."""
        return self._manage("GET", "/v1/owner/status", OwnerStatusResponse, "view_dashboard")

    def get_dashboard(self) -> DashboardResponse:
        """How things stand: balances, what was paid today, what waits, and the state of every agent."""
        return self._manage("GET", "/v1/owner/dashboard", DashboardResponse, "view_dashboard")

    def list_policies(self) -> PolicyListResponse:
        """All policies."""
        return self._manage("GET", "/v1/owner/policies", PolicyListResponse, "view_dashboard")

    def create_policy(self, policy: CreatePolicyRequest) -> PolicyResponse:
        """Adds a policy, for one agent or for all. Once an owner is connected, only the owner can. An empty whitelist lets everybody be paid, and needs ``confirm``."""
        return self._manage(
            "POST", "/v1/owner/policies", PolicyResponse, "update_settings", encode_body(policy)
        )

    def update_policy(self, policy_id: str, change: UpdatePolicyRequest) -> PolicyResponse:
        """Changes a policy: a new version of it. Rules are replaced as a whole. ``confirm`` where it leaves no spending limit in force, or lets everybody be paid."""
        path = f"/v1/owner/policies/{encode_id(policy_id)}"
        return self._manage("PUT", path, PolicyResponse, "update_settings", encode_body(change))

    def delete_policy(
        self, policy_id: str, *, confirm: bool = False, version: int | None = None
    ) -> PolicyDeleteResponse:
        """Removes a policy; what was decided by it stays on record. ``confirm`` where it leaves no spending limit in force, or no whitelist where there was one. ``version`` is the one that was looked at: another one is not removed (POLICY_CONFLICT)."""
        query = encode_query({"confirm": confirm or None, "version": version})
        path = f"/v1/owner/policies/{encode_id(policy_id)}{query}"
        return self._manage("DELETE", path, PolicyDeleteResponse, "update_settings")

    def evaluate_policies(self, evaluation: PolicyEvaluationRequest) -> PolicyEvaluationResponse:
        """What a set of policies would decide, about a payment now and about those of the past. Changes nothing."""
        path = "/v1/owner/policies/evaluate"
        return self._manage("POST", path, PolicyEvaluationResponse, "view_dashboard", encode_body(evaluation))

    def get_decision(self, transaction_id: str) -> DecisionRecordResponse:
        """How a payment was decided, rule by rule, and whether it comes out the same again."""
        path = f"/v1/owner/decisions/{encode_id(transaction_id)}"
        return self._manage("GET", path, DecisionRecordResponse, "view_dashboard")

    def replay_decisions(self) -> ReplayResponse:
        """Makes every decision again from its record, and compares."""
        return self._manage("GET", "/v1/owner/decisions/replay", ReplayResponse, "view_dashboard")

    def get_settings(self) -> SettingsResponse:
        """The settings that are in force, without any secret."""
        return self._manage("GET", "/v1/owner/settings", SettingsResponse, "view_dashboard")

    def update_settings(self, change: UpdateSettingsRequest) -> UpdateSettingsResponse:
        """Changes settings at once. They are kept over restarts and count more than config.toml."""
        return self._manage(
            "PUT", "/v1/owner/settings", UpdateSettingsResponse, "update_settings", encode_body(change)
        )

    def list_auto_stop_rules(self) -> AutoStopRuleListResponse:
        """All auto-stop rules, and whether they are what the daemon has written."""
        return self._manage("GET", "/v1/owner/auto-stop-rules", AutoStopRuleListResponse, "view_dashboard")

    def create_auto_stop_rule(self, rule: AutoStopRuleCreate) -> AutoStopRule:
        """Adds an auto-stop rule, for one agent or for all. Read its ``warning``, where it has one."""
        return self._manage(
            "POST", "/v1/owner/auto-stop-rules", AutoStopRule, "update_settings", encode_body(rule)
        )

    def update_auto_stop_rule(self, rule_id: str, change: AutoStopRuleUpdate) -> AutoStopRule:
        """Changes an auto-stop rule. Its configuration is replaced as a whole."""
        path = f"/v1/owner/auto-stop-rules/{encode_id(rule_id)}"
        return self._manage("PUT", path, AutoStopRule, "update_settings", encode_body(change))

    def delete_auto_stop_rule(self, rule_id: str) -> AutoStopRuleDeleteResponse:
        """Removes an auto-stop rule."""
        path = f"/v1/owner/auto-stop-rules/{encode_id(rule_id)}"
        return self._manage("DELETE", path, AutoStopRuleDeleteResponse, "update_settings")

    def list_audit_log(
        self,
        *,
        event: str | None = None,
        severity: Literal["info", "warning", "critical"] | None = None,
        actor: str | None = None,
        agent_id: str | None = None,
        session_id: str | None = None,
        transaction_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Order | None = None,
    ) -> AuditLogResponse:
        """What the daemon did, newest rows first unless asked otherwise, from ``since`` on and before ``until``, both aware of
        their zone; ``next_cursor`` leads to the next page."""
        query = {
            "event": event,
            "severity": severity,
            "actor": actor,
            "agentId": agent_id,
            "sessionId": session_id,
            "transactionId": transaction_id,
            "from": None if since is None else iso_time(since),
            "to": None if until is None else iso_time(until),
            "limit": limit,
            "cursor": cursor,
            "order": order,
        }
        path = f"/v1/owner/audit-log{encode_query(query)}"
        return self._manage("GET", path, AuditLogResponse, "view_dashboard")

    def verify_audit_log(self) -> AuditVerification:
        """Checks every row of the audit log, its sealed end and the ends kept outside the database."""
        return self._manage("GET", "/v1/owner/audit-log/verify", AuditVerification, "view_dashboard")
