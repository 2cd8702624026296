"""Made by tools/generate_models.py from the OpenAPI document of the daemon. Do not edit."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ._base import Answer, LooseAnswer, Money, Request, Timestamp


class Chain(str, Enum):
    SOLANA = "solana"
    ETHEREUM = "ethereum"
    POLYGON = "polygon"
    ARBITRUM = "arbitrum"
    BASE = "base"


AnyChain = Annotated[Chain | str, Field(union_mode="left_to_right")]


class Network(str, Enum):
    MAINNET_BETA = "mainnet-beta"
    DEVNET = "devnet"
    TESTNET = "testnet"
    LOCALNET = "localnet"
    MAINNET = "mainnet"
    SEPOLIA = "sepolia"
    AMOY = "amoy"


AnyNetwork = Annotated[Network | str, Field(union_mode="left_to_right")]


class OwnerChain(str, Enum):
    SOLANA = "solana"
    ETHEREUM = "ethereum"


AnyOwnerChain = Annotated[OwnerChain | str, Field(union_mode="left_to_right")]


class TransactionStatus(str, Enum):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    EXECUTING = "EXECUTING"
    SUBMITTED = "SUBMITTED"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


AnyTransactionStatus = Annotated[TransactionStatus | str, Field(union_mode="left_to_right")]


class Tier(str, Enum):
    INSTANT = "INSTANT"
    NOTIFY = "NOTIFY"
    DELAY = "DELAY"
    APPROVAL = "APPROVAL"


AnyTier = Annotated[Tier | str, Field(union_mode="left_to_right")]


class TransactionType(str, Enum):
    TRANSFER = "TRANSFER"
    TOKEN_TRANSFER = "TOKEN_TRANSFER"


AnyTransactionType = Annotated[TransactionType | str, Field(union_mode="left_to_right")]


class FeePriority(str, Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


AnyFeePriority = Annotated[FeePriority | str, Field(union_mode="left_to_right")]


class AgentStatus(str, Enum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"


AnyAgentStatus = Annotated[AgentStatus | str, Field(union_mode="left_to_right")]


class PolicyType(str, Enum):
    SPENDING_LIMIT = "SPENDING_LIMIT"
    WHITELIST = "WHITELIST"
    TIME_RESTRICTION = "TIME_RESTRICTION"
    RATE_LIMIT = "RATE_LIMIT"


AnyPolicyType = Annotated[PolicyType | str, Field(union_mode="left_to_right")]


class KillSwitchStatus(str, Enum):
    NORMAL = "NORMAL"
    ACTIVATED = "ACTIVATED"
    RECOVERING = "RECOVERING"


AnyKillSwitchStatus = Annotated[KillSwitchStatus | str, Field(union_mode="left_to_right")]


class AutoStopRuleCreateConsecutiveFailuresConfig(Request):
    threshold: int = Field(ge=1, le=1000)


class AutoStopRuleCreateConsecutiveFailures(Request):
    type: Literal['CONSECUTIVE_FAILURES']
    config: AutoStopRuleCreateConsecutiveFailuresConfig
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"agent_id"})


class AutoStopRuleCreateTimeRestrictionConfigAllowedHours(Request):
    start: int = Field(ge=0, le=23)
    end: int = Field(ge=0, le=24)


class AutoStopRuleCreateTimeRestrictionConfig(Request):
    allowed_hours: AutoStopRuleCreateTimeRestrictionConfigAllowedHours = Field(validation_alias="allowedHours", serialization_alias="allowedHours")
    timezone: Literal['UTC'] | None = Field(default=None)


class AutoStopRuleCreateTimeRestriction(Request):
    type: Literal['TIME_RESTRICTION']
    config: AutoStopRuleCreateTimeRestrictionConfig
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"agent_id"})


class AutoStopRuleCreateDailyLimitThresholdConfig(Request):
    warn_percent: int = Field(validation_alias="warnPercent", serialization_alias="warnPercent", ge=1, le=1000)
    stop_percent: int = Field(validation_alias="stopPercent", serialization_alias="stopPercent", ge=1, le=1000)


class AutoStopRuleCreateDailyLimitThreshold(Request):
    type: Literal['DAILY_LIMIT_THRESHOLD']
    config: AutoStopRuleCreateDailyLimitThresholdConfig
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"agent_id"})


class AutoStopRuleCreateHourlyRateConfig(Request):
    max_tx_per_hour: int = Field(validation_alias="maxTxPerHour", serialization_alias="maxTxPerHour", ge=1, le=1000000)


class AutoStopRuleCreateHourlyRate(Request):
    type: Literal['HOURLY_RATE']
    config: AutoStopRuleCreateHourlyRateConfig
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"agent_id"})


class AutoStopRuleCreateAnomalyPatternConfig(Request):
    same_address_warn: int = Field(validation_alias="sameAddressWarn", serialization_alias="sameAddressWarn", ge=1, le=1000000)
    same_address_stop: int = Field(validation_alias="sameAddressStop", serialization_alias="sameAddressStop", ge=1, le=1000000)


class AutoStopRuleCreateAnomalyPattern(Request):
    type: Literal['ANOMALY_PATTERN']
    config: AutoStopRuleCreateAnomalyPatternConfig
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"agent_id"})


AutoStopRuleCreate = Annotated[AutoStopRuleCreateConsecutiveFailures | AutoStopRuleCreateTimeRestriction | AutoStopRuleCreateDailyLimitThreshold | AutoStopRuleCreateHourlyRate | AutoStopRuleCreateAnomalyPattern, Field(discriminator="type")]


class AutoStopRuleUpdate(Request):
    config: dict[str, Any] | None = Field(default=None)
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | None = Field(default=None)
    enabled: bool | None = Field(default=None)


class KillSwitchRequest(Request):
    reason: str = Field(min_length=1, max_length=500)


class AgentCreate(Request):
    name: str = Field(min_length=1, max_length=64)
    chain: Chain
    network: Network


class AgentTerminate(Request):
    waive: list[str] | None = Field(default=None, max_length=100)


class SpendingLimitPolicyRulesTokenLimitsValue(Request):
    instant_max: Money
    notify_max: Money
    delay_max: Money
    daily_max: Money | None = Field(default=None)
    weekly_max: Money | None = Field(default=None)


class SpendingLimitPolicyRules(Request):
    chain: Chain | None = Field(default=None)
    instant_max: Money
    notify_max: Money
    delay_max: Money
    daily_max: Money | None = Field(default=None)
    weekly_max: Money | None = Field(default=None)
    window: Literal['rolling', 'calendar'] | None = Field(default=None)
    delay_seconds: int | None = Field(default=None, ge=60, le=2592000)
    approval_timeout: int | None = Field(default=None, ge=300, le=86400)
    max_balance_share: int | None = Field(default=None, ge=1, le=1000)
    token_limits: dict[str, SpendingLimitPolicyRulesTokenLimitsValue] | None = Field(default=None)


class SpendingLimitPolicy(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['SPENDING_LIMIT']
    rules: SpendingLimitPolicyRules
    priority: int | None = Field(default=None, ge=-1000000, le=1000000)
    enabled: bool | None = Field(default=None)
    confirm: bool | None = Field(default=None)


class WhitelistPolicyRules(Request):
    chain: Chain | None = Field(default=None)
    allowed_addresses: list[str] = Field(max_length=1000)


class WhitelistPolicy(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['WHITELIST']
    rules: WhitelistPolicyRules
    priority: int | None = Field(default=None, ge=-1000000, le=1000000)
    enabled: bool | None = Field(default=None)
    confirm: bool | None = Field(default=None)


class TimeRestrictionPolicyRules(Request):
    allowed_hours: AutoStopRuleCreateTimeRestrictionConfigAllowedHours
    timezone: str | None = Field(default=None)
    allowed_days: list[int] | None = Field(default=None, max_length=7)


class TimeRestrictionPolicy(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['TIME_RESTRICTION']
    rules: TimeRestrictionPolicyRules
    priority: int | None = Field(default=None, ge=-1000000, le=1000000)
    enabled: bool | None = Field(default=None)
    confirm: bool | None = Field(default=None)


class RateLimitPolicyRules(Request):
    max_tx_per_hour: int | None = Field(default=None, ge=0)
    max_tx_per_day: int | None = Field(default=None, ge=0)


class RateLimitPolicy(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['RATE_LIMIT']
    rules: RateLimitPolicyRules
    priority: int | None = Field(default=None, ge=-1000000, le=1000000)
    enabled: bool | None = Field(default=None)
    confirm: bool | None = Field(default=None)


CreatePolicyRequest = Annotated[SpendingLimitPolicy | WhitelistPolicy | TimeRestrictionPolicy | RateLimitPolicy, Field(discriminator="type")]


class MasterPasswordChange(Request):
    new_password: str = Field(validation_alias="newPassword", serialization_alias="newPassword")


class OwnerChange(Request):
    address: str = Field(min_length=1, max_length=64)
    chain: OwnerChain
    message: str = Field(min_length=1, max_length=4096)
    signature: str = Field(min_length=1, max_length=256)


class OwnerConnect(Request):
    address: str = Field(min_length=1, max_length=64)
    chain: OwnerChain


class OwnerMessageRequest(Request):
    chain: OwnerChain
    address: str = Field(min_length=1, max_length=64)
    action: Literal['approve_tx', 'reject_tx', 'kill_switch', 'recover', 'manage_sessions', 'update_settings', 'view_dashboard', 'connect_owner', 'change_owner', 'recall']
    method: Literal['GET', 'POST', 'PUT', 'DELETE']
    path: str
    body: str | dict[str, Any] | None = Field(default=None)


class OwnerReject(Request):
    reason: str | None = Field(default=None, min_length=1, max_length=500)


class RecallRequest(Request):
    destination: str = Field(min_length=1, max_length=64)
    include_unlisted: bool | None = Field(default=None, validation_alias="includeUnlisted", serialization_alias="includeUnlisted")
    keep_gas: bool | None = Field(default=None, validation_alias="keepGas", serialization_alias="keepGas")


class RecoveryAddressRequest(Request):
    address: str = Field(min_length=1, max_length=64)


class SessionConstraints(Request):
    max_amount_per_tx: Money | None = Field(default=None, validation_alias="maxAmountPerTx", serialization_alias="maxAmountPerTx")
    max_total_amount: Money | None = Field(default=None, validation_alias="maxTotalAmount", serialization_alias="maxTotalAmount")
    max_transactions: int | None = Field(default=None, validation_alias="maxTransactions", serialization_alias="maxTransactions", gt=0)
    allowed_operations: list[Literal['TRANSFER', 'TOKEN_TRANSFER', 'PROGRAM_CALL', 'BALANCE_CHECK']] | None = Field(default=None, validation_alias="allowedOperations", serialization_alias="allowedOperations", max_length=16)
    allowed_destinations: list[str] | None = Field(default=None, validation_alias="allowedDestinations", serialization_alias="allowedDestinations", max_length=256)
    expires_in: int | None = Field(default=None, validation_alias="expiresIn", serialization_alias="expiresIn", ge=300, le=604800)
    max_renewals: int | None = Field(default=None, validation_alias="maxRenewals", serialization_alias="maxRenewals", ge=0, le=100)


class SessionCreate(Request):
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    expires_in: int | None = Field(default=None, validation_alias="expiresIn", serialization_alias="expiresIn", ge=300, le=604800)
    constraints: SessionConstraints | None = Field(default=None)
    chain: OwnerChain | None = Field(default=None)
    owner_address: str | None = Field(default=None, validation_alias="ownerAddress", serialization_alias="ownerAddress", min_length=1, max_length=64)
    message: str | None = Field(default=None, min_length=1, max_length=4096)
    signature: str | None = Field(default=None, min_length=1, max_length=256)


class TransferRequest(Request):
    to: str = Field(min_length=1, max_length=128)
    amount: Money
    type: TransactionType | None = Field(default=None)
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint", min_length=1, max_length=128)
    memo: str | None = Field(default=None, min_length=1)
    priority: FeePriority | None = Field(default=None)


class CreateNotificationChannelRequestTelegramConfig(Request):
    bot_token: str = Field(validation_alias="botToken", serialization_alias="botToken")
    chat_id: str = Field(validation_alias="chatId", serialization_alias="chatId")
    api_url: str | None = Field(default=None, validation_alias="apiUrl", serialization_alias="apiUrl", max_length=2048)


class CreateNotificationChannelRequestTelegram(Request):
    type: Literal['TELEGRAM']
    name: str = Field(min_length=1, max_length=64)
    config: CreateNotificationChannelRequestTelegramConfig
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)


class CreateNotificationChannelRequestDiscordConfig(Request):
    webhook_url: str = Field(validation_alias="webhookUrl", serialization_alias="webhookUrl", max_length=2048)


class CreateNotificationChannelRequestDiscord(Request):
    type: Literal['DISCORD']
    name: str = Field(min_length=1, max_length=64)
    config: CreateNotificationChannelRequestDiscordConfig
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)


class CreateNotificationChannelRequestNtfyConfig(Request):
    server_url: str | None = Field(default=None, validation_alias="serverUrl", serialization_alias="serverUrl", max_length=2048)
    topic: str
    auth_token: str | None = Field(default=None, validation_alias="authToken", serialization_alias="authToken")


class CreateNotificationChannelRequestNtfy(Request):
    type: Literal['NTFY']
    name: str = Field(min_length=1, max_length=64)
    config: CreateNotificationChannelRequestNtfyConfig
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)


class CreateNotificationChannelRequestSlack(Request):
    type: Literal['SLACK']
    name: str = Field(min_length=1, max_length=64)
    config: CreateNotificationChannelRequestDiscordConfig
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)


class CreateNotificationChannelRequestWebhookConfig(Request):
    url: str = Field(max_length=2048)
    secret: str | None = Field(default=None)


class CreateNotificationChannelRequestWebhook(Request):
    type: Literal['WEBHOOK']
    name: str = Field(min_length=1, max_length=64)
    config: CreateNotificationChannelRequestWebhookConfig
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)


CreateNotificationChannelRequest = Annotated[CreateNotificationChannelRequestTelegram | CreateNotificationChannelRequestDiscord | CreateNotificationChannelRequestNtfy | CreateNotificationChannelRequestSlack | CreateNotificationChannelRequestWebhook, Field(discriminator="type")]


class TelegramVerifyRequest(Request):
    code: str


class UpdateNotificationChannelRequest(Request):
    name: str | None = Field(default=None, min_length=1, max_length=64)
    config: dict[str, str | None] | None = Field(default=None)
    priority: int | None = Field(default=None, ge=-1000, le=1000)
    enabled: bool | None = Field(default=None)
    locale: Literal['en', 'ko'] | None = Field(default=None)
    rotate_secret: bool | None = Field(default=None, validation_alias="rotateSecret", serialization_alias="rotateSecret")


class RedeliverRequest(Request):
    delivery_id: str | None = Field(default=None, validation_alias="deliveryId", serialization_alias="deliveryId")
    cursor: str | None = Field(default=None)


class UpdatePolicyRequest(Request):
    rules: dict[str, Any] | None = Field(default=None)
    priority: int | None = Field(default=None, ge=-1000000, le=1000000)
    enabled: bool | None = Field(default=None)
    version: int | None = Field(default=None, ge=1)
    confirm: bool | None = Field(default=None)


class UpdateSettingsRequestNotifications(Request):
    enabled: bool | None = Field(default=None)
    min_channels: int | None = Field(default=None, validation_alias="minChannels", serialization_alias="minChannels", ge=1, le=5)
    nullable: ClassVar[frozenset[str]] = frozenset({"enabled", "min_channels"})


class UpdateSettingsRequestAutoStop(Request):
    enabled: bool | None = Field(default=None)
    nullable: ClassVar[frozenset[str]] = frozenset({"enabled"})


class UpdateSettingsRequestServer(Request):
    log_level: Literal['debug', 'info', 'warn', 'error'] | None = Field(default=None, validation_alias="logLevel", serialization_alias="logLevel")
    nullable: ClassVar[frozenset[str]] = frozenset({"log_level"})


class UpdateSettingsRequest(Request):
    notifications: UpdateSettingsRequestNotifications | None = Field(default=None)
    auto_stop: UpdateSettingsRequestAutoStop | None = Field(default=None, validation_alias="autoStop", serialization_alias="autoStop")
    server: UpdateSettingsRequestServer | None = Field(default=None)


class AgentDetailResponseAgent(Answer):
    id: str
    name: str
    status: AnyAgentStatus
    chain: AnyChain
    network: AnyNetwork
    public_key: str = Field(validation_alias="publicKey", serialization_alias="publicKey")
    suspension_reason: Literal['kill_switch', 'policy_violation', 'manual', 'auto_stop'] | str | None = Field(default=None, validation_alias="suspensionReason", serialization_alias="suspensionReason")
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    session_count: int = Field(validation_alias="sessionCount", serialization_alias="sessionCount")
    total_tx_count: int = Field(validation_alias="totalTxCount", serialization_alias="totalTxCount")
    owner_address: str | None = Field(validation_alias="ownerAddress", serialization_alias="ownerAddress")


class TransactionResponse(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    status: AnyTransactionStatus
    type: AnyTransactionType
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    amount: str
    to_address: str = Field(validation_alias="toAddress", serialization_alias="toAddress")
    tier: AnyTier | None = Field(default=None)
    tx_hash: str | None = Field(default=None, validation_alias="txHash", serialization_alias="txHash")
    fee: str | None = Field(default=None)
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    queued_at: Timestamp | None = Field(default=None, validation_alias="queuedAt", serialization_alias="queuedAt")
    executed_at: Timestamp | None = Field(default=None, validation_alias="executedAt", serialization_alias="executedAt")
    expires_at: Timestamp | None = Field(default=None, validation_alias="expiresAt", serialization_alias="expiresAt")
    error: str | None = Field(default=None)
    replayed: Literal[True] | None = Field(default=None)


class SessionConstraintsAnswer(Answer):
    max_amount_per_tx: str | None = Field(default=None, validation_alias="maxAmountPerTx", serialization_alias="maxAmountPerTx")
    max_total_amount: str | None = Field(default=None, validation_alias="maxTotalAmount", serialization_alias="maxTotalAmount")
    max_transactions: int | None = Field(default=None, validation_alias="maxTransactions", serialization_alias="maxTransactions")
    allowed_operations: list[Literal['TRANSFER', 'TOKEN_TRANSFER', 'PROGRAM_CALL', 'BALANCE_CHECK'] | str] | None = Field(default=None, validation_alias="allowedOperations", serialization_alias="allowedOperations")
    allowed_destinations: list[str] | None = Field(default=None, validation_alias="allowedDestinations", serialization_alias="allowedDestinations")
    expires_in: int | None = Field(default=None, validation_alias="expiresIn", serialization_alias="expiresIn")
    max_renewals: int | None = Field(default=None, validation_alias="maxRenewals", serialization_alias="maxRenewals")


class SessionUsage(Answer):
    total_tx: int = Field(validation_alias="totalTx", serialization_alias="totalTx")
    total_amount: str = Field(validation_alias="totalAmount", serialization_alias="totalAmount")
    last_tx_at: str | None = Field(validation_alias="lastTxAt", serialization_alias="lastTxAt")


class SessionSummary(Answer):
    id: str
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    agent_name: str = Field(validation_alias="agentName", serialization_alias="agentName")
    constraints: SessionConstraintsAnswer
    usage_stats: SessionUsage = Field(validation_alias="usageStats", serialization_alias="usageStats")
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    revoked_at: Timestamp | None = Field(default=None, validation_alias="revokedAt", serialization_alias="revokedAt")
    renewal_count: int = Field(validation_alias="renewalCount", serialization_alias="renewalCount")
    absolute_expires_at: Timestamp = Field(validation_alias="absoluteExpiresAt", serialization_alias="absoluteExpiresAt")


class ListedPolicy(Answer):
    id: str
    version: int
    agent_id: str | None = Field(validation_alias="agentId", serialization_alias="agentId")
    type: AnyPolicyType
    rules: dict[str, Any]
    priority: int
    enabled: bool
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    updated_at: Timestamp = Field(validation_alias="updatedAt", serialization_alias="updatedAt")
    authentic: bool


class AgentDetailResponse(Answer):
    agent: AgentDetailResponseAgent
    recent_transactions: list[TransactionResponse] = Field(validation_alias="recentTransactions", serialization_alias="recentTransactions")
    active_sessions: list[SessionSummary] = Field(validation_alias="activeSessions", serialization_alias="activeSessions")
    policies: list[ListedPolicy]


class SettingsResponseServer(Answer):
    hostname: Literal['127.0.0.1', '0.0.0.0'] | str
    port: int
    log_level: Literal['trace', 'debug', 'info', 'warn', 'error'] | str = Field(validation_alias="logLevel", serialization_alias="logLevel")


class SettingsResponseSecurityRateLimits(Answer):
    global_: int = Field(validation_alias="global", serialization_alias="global")
    session: int
    transaction: int


class SettingsResponseSecurity(Answer):
    jwt_secret: Literal['[REDACTED]'] = Field(validation_alias="jwtSecret", serialization_alias="jwtSecret")
    rate_limits: SettingsResponseSecurityRateLimits = Field(validation_alias="rateLimits", serialization_alias="rateLimits")


class SettingsResponseNotificationsChannelsItem(Answer):
    type: Literal['TELEGRAM', 'DISCORD', 'NTFY', 'SLACK', 'WEBHOOK'] | str
    name: str
    enabled: bool
    config_preview: str = Field(validation_alias="configPreview", serialization_alias="configPreview")


class SettingsResponseNotifications(Answer):
    enabled: bool
    min_channels: int = Field(validation_alias="minChannels", serialization_alias="minChannels")
    channels: list[SettingsResponseNotificationsChannelsItem]


class SettingsResponseAutoStop(Answer):
    enabled: bool
    rules_count: int = Field(validation_alias="rulesCount", serialization_alias="rulesCount")


class SettingsResponse(Answer):
    server: SettingsResponseServer
    security: SettingsResponseSecurity
    notifications: SettingsResponseNotifications
    auto_stop: SettingsResponseAutoStop = Field(validation_alias="autoStop", serialization_alias="autoStop")
    changed: list[str]


class UpdateSettingsResponse(Answer):
    updated: Literal[True]
    settings: SettingsResponse


class AutoStopRule(Answer):
    id: str
    version: int
    agent_id: str | None = Field(validation_alias="agentId", serialization_alias="agentId")
    type: Literal['CONSECUTIVE_FAILURES', 'TIME_RESTRICTION', 'DAILY_LIMIT_THRESHOLD', 'HOURLY_RATE', 'ANOMALY_PATTERN'] | str
    config: dict[str, Any]
    action: Literal['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] | str
    enabled: bool
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    updated_at: Timestamp = Field(validation_alias="updatedAt", serialization_alias="updatedAt")
    warning: str | None = Field(default=None)


class AutoStopRuleListResponse(Answer):
    rules: list[AutoStopRule]
    authentic: bool


class AutoStopRuleDeleteResponse(Answer):
    deleted: Literal[True]
    rule_id: str = Field(validation_alias="ruleId", serialization_alias="ruleId")


class KillSwitchResponse(Answer):
    activated: Literal[True]
    timestamp: Timestamp
    sessions_revoked: int = Field(validation_alias="sessionsRevoked", serialization_alias="sessionsRevoked")
    transactions_cancelled: int = Field(validation_alias="transactionsCancelled", serialization_alias="transactionsCancelled")
    agents_suspended: int = Field(validation_alias="agentsSuspended", serialization_alias="agentsSuspended")


class RecoverResponse(Answer):
    recovered: Literal[True]
    timestamp: Timestamp
    agents_reactivated: int = Field(validation_alias="agentsReactivated", serialization_alias="agentsReactivated")


class AuditEntry(Answer):
    id: int
    timestamp: Timestamp
    event: str
    actor: str
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    session_id: str | None = Field(default=None, validation_alias="sessionId", serialization_alias="sessionId")
    transaction_id: str | None = Field(default=None, validation_alias="transactionId", serialization_alias="transactionId")
    severity: Literal['info', 'warning', 'critical'] | str
    details: dict[str, Any]
    ip: str | None = Field(default=None)
    hash: str


class AuditLogResponse(Answer):
    entries: list[AuditEntry]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class AuditVerificationFindingsItem(Answer):
    fault: Literal['ROW_ALTERED', 'ROWS_MISSING', 'TRUNCATED', 'HEAD_MISSING', 'HEAD_FORGED', 'HEAD_CONTRADICTS', 'HEAD_ROLLED_BACK', 'ANCHOR_UNREADABLE', 'BREAK_RECORDED', 'ROWS_UNSEALED'] | str
    audit_id: int = Field(validation_alias="auditId", serialization_alias="auditId")
    text: str


class AuditVerification(Answer):
    intact: bool
    rows: int
    first_id: int | None = Field(validation_alias="firstId", serialization_alias="firstId")
    last_id: int | None = Field(validation_alias="lastId", serialization_alias="lastId")
    last_hash: str = Field(validation_alias="lastHash", serialization_alias="lastHash")
    sealed_to: int | None = Field(validation_alias="sealedTo", serialization_alias="sealedTo")
    seals_checked: bool = Field(validation_alias="sealsChecked", serialization_alias="sealsChecked")
    anchors: int
    faults: int
    findings: list[AuditVerificationFindingsItem]


class DeadLetter(Answer):
    delivery_id: str = Field(validation_alias="deliveryId", serialization_alias="deliveryId")
    channel_id: str = Field(validation_alias="channelId", serialization_alias="channelId")
    sequence: int
    event: str
    level: Literal['INFO', 'WARNING', 'CRITICAL'] | str
    reference_id: str | None = Field(validation_alias="referenceId", serialization_alias="referenceId")
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    given_up_at: Timestamp = Field(validation_alias="givenUpAt", serialization_alias="givenUpAt")
    kept_until: Timestamp = Field(validation_alias="keptUntil", serialization_alias="keptUntil")
    error: str


class DeadLetterListResponse(Answer):
    dead_letters: list[DeadLetter] = Field(validation_alias="deadLetters", serialization_alias="deadLetters")
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class DashboardResponseBalancesItem(Answer):
    chain: AnyChain
    network: AnyNetwork
    symbol: str
    decimals: int
    balance: str | None
    formatted: str | None
    agents: int
    as_of: Timestamp | None = Field(validation_alias="asOf", serialization_alias="asOf")
    stale: bool


class DashboardResponseTodayTxVolumesItem(Answer):
    chain: AnyChain
    network: AnyNetwork
    symbol: str
    decimals: int
    amount: str | None
    formatted: str | None


class DashboardResponseAgentStatusesItem(Answer):
    id: str
    name: str
    status: AnyAgentStatus
    suspension_reason: Literal['kill_switch', 'policy_violation', 'manual', 'auto_stop'] | str | None = Field(default=None, validation_alias="suspensionReason", serialization_alias="suspensionReason")
    chain: AnyChain
    network: AnyNetwork


class DashboardResponse(Answer):
    balances: list[DashboardResponseBalancesItem]
    today: Timestamp
    today_tx_count: int = Field(validation_alias="todayTxCount", serialization_alias="todayTxCount")
    today_tx_volumes: list[DashboardResponseTodayTxVolumesItem] = Field(validation_alias="todayTxVolumes", serialization_alias="todayTxVolumes")
    active_sessions: int = Field(validation_alias="activeSessions", serialization_alias="activeSessions")
    pending_approvals: int = Field(validation_alias="pendingApprovals", serialization_alias="pendingApprovals")
    system_state: AnyKillSwitchStatus = Field(validation_alias="systemState", serialization_alias="systemState")
    agent_statuses: list[DashboardResponseAgentStatusesItem] = Field(validation_alias="agentStatuses", serialization_alias="agentStatuses")


class DecisionRecordResponsePoliciesItem(Answer):
    policy_id: str = Field(validation_alias="policyId", serialization_alias="policyId")
    version: int


class DecisionRecordResponseClaim(Answer):
    decided_at: Timestamp = Field(validation_alias="decidedAt", serialization_alias="decidedAt")
    refusal: str | None
    criteria: list[dict[str, Any]]
    facts: dict[str, Any] | None
    policies: list[DecisionRecordResponsePoliciesItem]
    replay: Literal['same', 'session', 'not_authentic', 'different'] | str
    replay_problem: str | None = Field(default=None, validation_alias="replayProblem", serialization_alias="replayProblem")


class DecisionRecordResponse(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    decided_at: Timestamp = Field(validation_alias="decidedAt", serialization_alias="decidedAt")
    status: AnyTransactionStatus
    tier: AnyTier | None = Field(default=None)
    session: list[dict[str, Any]]
    verdict: dict[str, Any] | None
    criteria: list[dict[str, Any]]
    facts: dict[str, Any] | None
    policies: list[DecisionRecordResponsePoliciesItem]
    replay: Literal['same', 'session', 'not_authentic', 'different'] | str
    replay_problem: str | None = Field(default=None, validation_alias="replayProblem", serialization_alias="replayProblem")
    claim: DecisionRecordResponseClaim | None = Field(default=None)


class DryRunResponse(Answer):
    outcome: Literal['ALLOW', 'DENY'] | str
    tier: AnyTier | None = Field(default=None)
    delay_seconds: int | None = Field(default=None, validation_alias="delaySeconds", serialization_alias="delaySeconds")
    approval_timeout_seconds: int | None = Field(default=None, validation_alias="approvalTimeoutSeconds", serialization_alias="approvalTimeoutSeconds")
    raised_by: str | None = Field(default=None, validation_alias="raisedBy", serialization_alias="raisedBy")
    code: str | None = Field(default=None)
    reason: str | None = Field(default=None)
    details: dict[str, Any] | None = Field(default=None)
    account_rent: str | None = Field(default=None, validation_alias="accountRent", serialization_alias="accountRent")
    session: list[dict[str, Any]]
    criteria: list[dict[str, Any]]


class ReplayResponseFaultsItem(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    verdict: str
    what: str


class ReplayResponse(Answer):
    total: int
    same: int
    refused_by_session: int = Field(validation_alias="refusedBySession", serialization_alias="refusedBySession")
    fault_count: int = Field(validation_alias="faultCount", serialization_alias="faultCount")
    faults: list[ReplayResponseFaultsItem]


class AddressResponse(Answer):
    address: str
    chain: AnyChain
    network: AnyNetwork
    encoding: Literal['base58', 'hex'] | str


class AdminLoginResponse(Answer):
    token: str
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")


class AdminLogoutResponse(Answer):
    logged_out: Literal[True] = Field(validation_alias="loggedOut", serialization_alias="loggedOut")


class AdminStatusResponseDaemon(Answer):
    version: str
    uptime: int
    pid: int
    node_version: str = Field(validation_alias="nodeVersion", serialization_alias="nodeVersion")


class AdminStatusResponseKillSwitch(Answer):
    status: AnyKillSwitchStatus
    activated_at: Timestamp | None = Field(validation_alias="activatedAt", serialization_alias="activatedAt")
    reason: str | None
    actor: str | None


class AdminStatusResponseKeystore(Answer):
    unlocked: bool
    keys_loaded: int = Field(validation_alias="keysLoaded", serialization_alias="keysLoaded")


class AdminStatusResponseAgents(Answer):
    active: int
    suspended: int
    total: int


class AdminStatusResponseSessions(Answer):
    active: int


class AdminStatusResponseAdaptersItem(Answer):
    chain: AnyChain
    network: AnyNetwork
    healthy: bool
    latency_ms: int | None = Field(validation_alias="latencyMs", serialization_alias="latencyMs")
    last_check: Timestamp | None = Field(validation_alias="lastCheck", serialization_alias="lastCheck")


class AdminStatusResponseWorkersValue(Answer):
    running: bool
    last_run: Timestamp | None = Field(validation_alias="lastRun", serialization_alias="lastRun")


class AdminStatusResponseTelegramBot(Answer):
    enabled: bool
    connected: bool
    owner_registered: bool = Field(validation_alias="ownerRegistered", serialization_alias="ownerRegistered")
    last_poll_at: Timestamp | None = Field(validation_alias="lastPollAt", serialization_alias="lastPollAt")
    consecutive_errors: int = Field(validation_alias="consecutiveErrors", serialization_alias="consecutiveErrors")


class AdminStatusResponseDatabase(Answer):
    path: str
    size_bytes: int = Field(validation_alias="sizeBytes", serialization_alias="sizeBytes")
    wal_size_bytes: int = Field(validation_alias="walSizeBytes", serialization_alias="walSizeBytes")
    wal_mode: bool = Field(validation_alias="walMode", serialization_alias="walMode")


class AdminStatusResponseMemory(Answer):
    rss_bytes: int = Field(validation_alias="rssBytes", serialization_alias="rssBytes")


class AdminStatusResponse(Answer):
    daemon: AdminStatusResponseDaemon
    kill_switch: AdminStatusResponseKillSwitch = Field(validation_alias="killSwitch", serialization_alias="killSwitch")
    keystore: AdminStatusResponseKeystore
    agents: AdminStatusResponseAgents
    sessions: AdminStatusResponseSessions
    adapters: list[AdminStatusResponseAdaptersItem]
    workers: dict[str, AdminStatusResponseWorkersValue]
    telegram_bot: AdminStatusResponseTelegramBot = Field(validation_alias="telegramBot", serialization_alias="telegramBot")
    database: AdminStatusResponseDatabase
    memory: AdminStatusResponseMemory


class AgentBudgetResponsePolicyTiers(Answer):
    instant_max: str = Field(validation_alias="instantMax", serialization_alias="instantMax")
    notify_max: str = Field(validation_alias="notifyMax", serialization_alias="notifyMax")
    delay_max: str = Field(validation_alias="delayMax", serialization_alias="delayMax")


class AgentBudgetResponsePolicyDailyCap(Answer):
    limit: str
    used: str
    reserved: str
    remaining: str


class AgentBudgetResponsePolicy(Answer):
    asset: str
    symbol: str
    decimals: int
    tiers: AgentBudgetResponsePolicyTiers | None
    daily_cap: AgentBudgetResponsePolicyDailyCap | None = Field(validation_alias="dailyCap", serialization_alias="dailyCap")
    weekly_cap: AgentBudgetResponsePolicyDailyCap | None = Field(validation_alias="weeklyCap", serialization_alias="weeklyCap")


class AgentBudgetResponse(Answer):
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    chain: AnyChain
    network: AnyNetwork
    policy: AgentBudgetResponsePolicy


class AgentSummary(Answer):
    id: str
    name: str
    status: AnyAgentStatus
    chain: AnyChain
    network: AnyNetwork
    public_key: str = Field(validation_alias="publicKey", serialization_alias="publicKey")
    suspension_reason: Literal['kill_switch', 'policy_violation', 'manual', 'auto_stop'] | str | None = Field(default=None, validation_alias="suspensionReason", serialization_alias="suspensionReason")
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    session_count: int = Field(validation_alias="sessionCount", serialization_alias="sessionCount")
    total_tx_count: int = Field(validation_alias="totalTxCount", serialization_alias="totalTxCount")


class AgentListResponse(Answer):
    agents: list[AgentSummary]


class AssetsResponseAssetsItem(Answer):
    asset: str
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    balance: str
    decimals: int
    symbol: str
    formatted: str


class AssetsResponse(Answer):
    chain: AnyChain
    network: AnyNetwork
    assets: list[AssetsResponseAssetsItem]


class BalanceHistoryResponseSeriesItemPointsItem(Answer):
    at: Timestamp
    balance: str


class BalanceHistoryResponseSeriesItem(Answer):
    asset: str
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    symbol: str
    decimals: int
    points: list[BalanceHistoryResponseSeriesItemPointsItem]


class BalanceHistoryResponse(Answer):
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    chain: AnyChain
    network: AnyNetwork
    period: Literal['day', 'week', 'month', 'year'] | str
    from_: Timestamp = Field(validation_alias="from", serialization_alias="from")
    to: Timestamp
    series: list[BalanceHistoryResponseSeriesItem]


class BalanceResponse(Answer):
    balance: str
    decimals: int
    symbol: str
    formatted: str
    chain: AnyChain
    network: AnyNetwork


class BudgetResponseSessionTransactions(Answer):
    limit: int
    used: int
    reserved: int
    remaining: int


class BudgetResponseSession(Answer):
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")
    max_amount_per_tx: str | None = Field(validation_alias="maxAmountPerTx", serialization_alias="maxAmountPerTx")
    total: AgentBudgetResponsePolicyDailyCap | None
    transactions: BudgetResponseSessionTransactions | None
    allowed_operations: list[Literal['TRANSFER', 'TOKEN_TRANSFER', 'PROGRAM_CALL', 'BALANCE_CHECK'] | str] | None = Field(validation_alias="allowedOperations", serialization_alias="allowedOperations")
    allowed_destinations: list[str] | None = Field(validation_alias="allowedDestinations", serialization_alias="allowedDestinations")
    renewals_left: int = Field(validation_alias="renewalsLeft", serialization_alias="renewalsLeft")
    absolute_expires_at: Timestamp = Field(validation_alias="absoluteExpiresAt", serialization_alias="absoluteExpiresAt")


class BudgetResponse(Answer):
    chain: AnyChain
    network: AnyNetwork
    session: BudgetResponseSession
    policy: AgentBudgetResponsePolicy
    account_rent: AgentBudgetResponsePolicyDailyCap | None = Field(validation_alias="accountRent", serialization_alias="accountRent")
    max_payment: str | None = Field(validation_alias="maxPayment", serialization_alias="maxPayment")


class ChangeBatchChangesItem(Answer):
    id: int
    topic: Literal['transactions', 'agents', 'sessions', 'policies', 'owner', 'killSwitch', 'autoStop', 'notifications', 'daemon'] | str
    event: str
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    session_id: str | None = Field(default=None, validation_alias="sessionId", serialization_alias="sessionId")
    transaction_id: str | None = Field(default=None, validation_alias="transactionId", serialization_alias="transactionId")


class ChangeBatch(Answer):
    changes: list[ChangeBatchChangesItem]
    complete: bool


class ErrorResponse(Answer):
    code: str
    message: str
    details: dict[str, Any] | None = Field(default=None)
    request_id: str = Field(validation_alias="requestId", serialization_alias="requestId")
    retryable: bool
    hint: str | None = Field(default=None)


class HealthResponse(Answer):
    status: Literal['healthy', 'degraded', 'unhealthy'] | str
    version: str
    uptime: int
    kill_switch: AnyKillSwitchStatus = Field(validation_alias="killSwitch", serialization_alias="killSwitch")


class MasterPasswordChangeResponse(Answer):
    changed: Literal[True]
    timestamp: Timestamp


class NonceResponse(Answer):
    nonce: str
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")


class NotificationChannel(Answer):
    id: str
    type: Literal['TELEGRAM', 'DISCORD', 'NTFY', 'SLACK', 'WEBHOOK'] | str
    name: str
    enabled: bool
    priority: int
    locale: Literal['en', 'ko'] | str
    paired: bool
    config: dict[str, str]
    health: Literal['unknown', 'healthy', 'failing', 'unreachable', 'not_authentic'] | str
    last_check_at: Timestamp | None = Field(validation_alias="lastCheckAt", serialization_alias="lastCheckAt")
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    updated_at: Timestamp = Field(validation_alias="updatedAt", serialization_alias="updatedAt")


class NotificationChannelDeleteResponse(Answer):
    deleted: Literal[True]
    channel_id: str = Field(validation_alias="channelId", serialization_alias="channelId")


class NotificationChannelListResponse(Answer):
    channels: list[NotificationChannel]
    enabled: bool
    reachable: int
    min_channels: int = Field(validation_alias="minChannels", serialization_alias="minChannels")


class NotificationChannelResponse(Answer):
    channel: NotificationChannel
    secret: str | None = Field(default=None)


class NotificationChannelTestResponse(Answer):
    success: bool
    channel_id: str = Field(validation_alias="channelId", serialization_alias="channelId")
    status: int | None = Field(default=None)
    latency_ms: int = Field(validation_alias="latencyMs", serialization_alias="latencyMs")
    error: str | None = Field(default=None)
    retry_after: float | None = Field(default=None, validation_alias="retryAfter", serialization_alias="retryAfter")


class NotificationLogEntry(Answer):
    id: str
    notification_id: str | None = Field(validation_alias="notificationId", serialization_alias="notificationId")
    channel_id: str | None = Field(validation_alias="channelId", serialization_alias="channelId")
    event: str
    level: Literal['INFO', 'WARNING', 'CRITICAL'] | str
    reference_id: str | None = Field(validation_alias="referenceId", serialization_alias="referenceId")
    status: Literal['DELIVERED', 'FAILED', 'RATE_LIMITED', 'ALL_FAILED'] | str
    error: str | None
    retries: int
    sent_at: Timestamp = Field(validation_alias="sentAt", serialization_alias="sentAt")


class NotificationLogResponse(Answer):
    entries: list[NotificationLogEntry]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class Redelivery(Answer):
    delivery_id: str = Field(validation_alias="deliveryId", serialization_alias="deliveryId")
    event: str
    success: bool
    status: int | None = Field(default=None)
    error: str | None = Field(default=None)


class RedeliverResponse(Answer):
    channel_id: str = Field(validation_alias="channelId", serialization_alias="channelId")
    deliveries: list[Redelivery]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")
    retry_after: float | None = Field(default=None, validation_alias="retryAfter", serialization_alias="retryAfter")


class TelegramUnpairResponse(Answer):
    unpaired: bool


class TelegramVerifyResponse(Answer):
    paired: Literal[True]
    channel_id: str = Field(validation_alias="channelId", serialization_alias="channelId")
    chat_id: str = Field(validation_alias="chatId", serialization_alias="chatId")
    chat_name: str = Field(validation_alias="chatName", serialization_alias="chatName")


class OwnerApproveResponse(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    status: AnyTransactionStatus
    approved_at: Timestamp = Field(validation_alias="approvedAt", serialization_alias="approvedAt")
    approved_by: str = Field(validation_alias="approvedBy", serialization_alias="approvedBy")


class OwnerChangeResponse(Answer):
    owner_id: str = Field(validation_alias="ownerId", serialization_alias="ownerId")
    address: str
    chain: AnyOwnerChain
    connected_at: Timestamp = Field(validation_alias="connectedAt", serialization_alias="connectedAt")
    previous_address: str = Field(validation_alias="previousAddress", serialization_alias="previousAddress")
    expired_transactions: int = Field(validation_alias="expiredTransactions", serialization_alias="expiredTransactions")


class OwnerConnectResponse(Answer):
    owner_id: str = Field(validation_alias="ownerId", serialization_alias="ownerId")
    address: str
    chain: AnyOwnerChain
    connected_at: Timestamp = Field(validation_alias="connectedAt", serialization_alias="connectedAt")


class OwnerDisconnectResponse(Answer):
    disconnected: Literal[True]
    disconnected_at: Timestamp = Field(validation_alias="disconnectedAt", serialization_alias="disconnectedAt")
    expired_transactions: int = Field(validation_alias="expiredTransactions", serialization_alias="expiredTransactions")


class OwnerMessageResponse(Answer):
    message: str
    nonce: str
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")


class OwnerRejectResponse(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    status: Literal['CANCELLED']
    rejected_at: Timestamp = Field(validation_alias="rejectedAt", serialization_alias="rejectedAt")
    rejected_by: str = Field(validation_alias="rejectedBy", serialization_alias="rejectedBy")
    reason: str | None = Field(default=None)


class OwnerStatusResponse(Answer):
    connected: bool
    owner_id: str | None = Field(default=None, validation_alias="ownerId", serialization_alias="ownerId")
    address: str | None = Field(default=None)
    chain: AnyOwnerChain | None = Field(default=None)
    connected_at: Timestamp | None = Field(default=None, validation_alias="connectedAt", serialization_alias="connectedAt")
    last_active_at: Timestamp | None = Field(default=None, validation_alias="lastActiveAt", serialization_alias="lastActiveAt")
    system_state: AnyKillSwitchStatus = Field(validation_alias="systemState", serialization_alias="systemState")
    active_session_count: int = Field(validation_alias="activeSessionCount", serialization_alias="activeSessionCount")
    pending_approval_count: int = Field(validation_alias="pendingApprovalCount", serialization_alias="pendingApprovalCount")


class OwnerTransactionToken(Answer):
    address: str
    decimals: int
    symbol: str


class OwnerTransaction(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    status: AnyTransactionStatus
    type: AnyTransactionType
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    amount: str
    to_address: str = Field(validation_alias="toAddress", serialization_alias="toAddress")
    tier: AnyTier | None = Field(default=None)
    tx_hash: str | None = Field(default=None, validation_alias="txHash", serialization_alias="txHash")
    fee: str | None = Field(default=None)
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    queued_at: Timestamp | None = Field(default=None, validation_alias="queuedAt", serialization_alias="queuedAt")
    executed_at: Timestamp | None = Field(default=None, validation_alias="executedAt", serialization_alias="executedAt")
    expires_at: Timestamp | None = Field(default=None, validation_alias="expiresAt", serialization_alias="expiresAt")
    error: str | None = Field(default=None)
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    agent_name: str = Field(validation_alias="agentName", serialization_alias="agentName")
    session_id: str | None = Field(default=None, validation_alias="sessionId", serialization_alias="sessionId")
    chain: AnyChain
    network: AnyNetwork
    asset: str
    token: OwnerTransactionToken | None = Field(default=None)
    memo: str | None = Field(default=None)


class OwnerTransactionListResponse(Answer):
    transactions: list[OwnerTransaction]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class PendingApproval(Answer):
    tx_id: str = Field(validation_alias="txId", serialization_alias="txId")
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    agent_name: str = Field(validation_alias="agentName", serialization_alias="agentName")
    type: AnyTransactionType
    asset: str
    token: OwnerTransactionToken | None = Field(default=None)
    amount: str
    to_address: str = Field(validation_alias="toAddress", serialization_alias="toAddress")
    memo: str | None = Field(default=None)
    chain: AnyChain
    network: AnyNetwork
    tier: AnyTier
    queued_at: Timestamp = Field(validation_alias="queuedAt", serialization_alias="queuedAt")
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")
    in_words: str | None = Field(validation_alias="inWords", serialization_alias="inWords")
    pre_approved_at: Timestamp | None = Field(default=None, validation_alias="preApprovedAt", serialization_alias="preApprovedAt")


class PendingApprovalListResponse(Answer):
    transactions: list[PendingApproval]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class PendingTransactionListResponse(Answer):
    transactions: list[TransactionResponse]


class PolicyDeleteResponse(Answer):
    deleted: Literal[True]
    policy_id: str = Field(validation_alias="policyId", serialization_alias="policyId")


class ProposedPolicySpendingLimitRules(Request):
    chain: Chain
    instant_max: Money
    notify_max: Money
    delay_max: Money
    daily_max: Money | None = Field(default=None)
    weekly_max: Money | None = Field(default=None)
    window: Literal['rolling', 'calendar']
    delay_seconds: int | None = Field(default=None, ge=60, le=2592000)
    approval_timeout: int | None = Field(default=None, ge=300, le=86400)
    max_balance_share: int | None = Field(default=None, ge=1, le=1000)
    token_limits: dict[str, SpendingLimitPolicyRulesTokenLimitsValue] | None = Field(default=None)


class ProposedPolicySpendingLimit(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['SPENDING_LIMIT']
    rules: ProposedPolicySpendingLimitRules
    priority: int = Field(ge=-1000000, le=1000000)
    enabled: bool
    id: str | None = Field(default=None)


class ProposedPolicyWhitelistRules(Request):
    chain: Chain
    allowed_addresses: list[str] = Field(max_length=1000)


class ProposedPolicyWhitelist(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['WHITELIST']
    rules: ProposedPolicyWhitelistRules
    priority: int = Field(ge=-1000000, le=1000000)
    enabled: bool
    id: str | None = Field(default=None)


class ProposedPolicyTimeRestrictionRules(Request):
    allowed_hours: AutoStopRuleCreateTimeRestrictionConfigAllowedHours
    timezone: str
    allowed_days: list[int] = Field(max_length=7)


class ProposedPolicyTimeRestriction(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['TIME_RESTRICTION']
    rules: ProposedPolicyTimeRestrictionRules
    priority: int = Field(ge=-1000000, le=1000000)
    enabled: bool
    id: str | None = Field(default=None)


class ProposedPolicyRateLimitRules(Request):
    max_tx_per_hour: int = Field(ge=0)
    max_tx_per_day: int = Field(ge=0)


class ProposedPolicyRateLimit(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    type: Literal['RATE_LIMIT']
    rules: ProposedPolicyRateLimitRules
    priority: int = Field(ge=-1000000, le=1000000)
    enabled: bool
    id: str | None = Field(default=None)


class PolicyEvaluationRequestPayment(Request):
    to: str = Field(min_length=1, max_length=128)
    amount: Money
    type: TransactionType
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint", min_length=1, max_length=128)
    memo: str | None = Field(default=None, min_length=1)
    priority: FeePriority
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")


class PolicyEvaluationRequestHistory(Request):
    agent_id: str | None = Field(default=None, validation_alias="agentId", serialization_alias="agentId")
    from_: str | None = Field(default=None, validation_alias="from", serialization_alias="from")
    to: str | None = Field(default=None)
    cursor: str | None = Field(default=None)
    limit: int = Field(ge=1, le=5000)


class PolicyEvaluationRequest(Request):
    policies: list[Annotated[ProposedPolicySpendingLimit | ProposedPolicyWhitelist | ProposedPolicyTimeRestriction | ProposedPolicyRateLimit, Field(discriminator="type")]] = Field(max_length=500)
    payment: PolicyEvaluationRequestPayment | None = Field(default=None)
    history: PolicyEvaluationRequestHistory | None = Field(default=None)


class PolicyJudgement(Answer):
    outcome: Literal['ALLOW', 'DENY'] | str
    tier: AnyTier | None = Field(default=None)
    delay_seconds: int | None = Field(default=None, validation_alias="delaySeconds", serialization_alias="delaySeconds")
    approval_timeout_seconds: int | None = Field(default=None, validation_alias="approvalTimeoutSeconds", serialization_alias="approvalTimeoutSeconds")
    raised_by: str | None = Field(default=None, validation_alias="raisedBy", serialization_alias="raisedBy")
    code: str | None = Field(default=None)
    reason: str | None = Field(default=None)
    policy_id: str | None = Field(default=None, validation_alias="policyId", serialization_alias="policyId")
    criteria: list[dict[str, Any]]


class PolicyEvaluationResponsePayment(Answer):
    present: PolicyJudgement
    proposed: PolicyJudgement


class PolicyVerdict(Answer):
    outcome: Literal['ALLOW', 'DENY'] | str
    tier: AnyTier | None = Field(default=None)
    delay_seconds: int | None = Field(default=None, validation_alias="delaySeconds", serialization_alias="delaySeconds")
    approval_timeout_seconds: int | None = Field(default=None, validation_alias="approvalTimeoutSeconds", serialization_alias="approvalTimeoutSeconds")
    raised_by: str | None = Field(default=None, validation_alias="raisedBy", serialization_alias="raisedBy")
    code: str | None = Field(default=None)
    reason: str | None = Field(default=None)
    policy_id: str | None = Field(default=None, validation_alias="policyId", serialization_alias="policyId")


class PolicyEvaluationResponseHistoryChangesItem(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    decided_at: Timestamp = Field(validation_alias="decidedAt", serialization_alias="decidedAt")
    asset: str
    amount: str
    to_address: str = Field(validation_alias="toAddress", serialization_alias="toAddress")
    status: AnyTransactionStatus
    change: Literal['stricter', 'looser'] | str
    present: PolicyVerdict
    proposed: PolicyVerdict


class PolicyEvaluationResponseHistory(Answer):
    total: int
    same: int
    stricter: int
    looser: int
    undetermined: int
    refused_by_session: int = Field(validation_alias="refusedBySession", serialization_alias="refusedBySession")
    not_authentic: int = Field(validation_alias="notAuthentic", serialization_alias="notAuthentic")
    changes: list[PolicyEvaluationResponseHistoryChangesItem]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class PolicyEvaluationResponse(Answer):
    payment: PolicyEvaluationResponsePayment | None
    history: PolicyEvaluationResponseHistory | None


class PolicyListResponse(Answer):
    policies: list[ListedPolicy]
    not_authentic: list[str | None] = Field(validation_alias="notAuthentic", serialization_alias="notAuthentic")


class PolicySummary(Answer):
    id: str
    version: int
    agent_id: str | None = Field(validation_alias="agentId", serialization_alias="agentId")
    type: AnyPolicyType
    rules: dict[str, Any]
    priority: int
    enabled: bool
    created_at: Timestamp = Field(validation_alias="createdAt", serialization_alias="createdAt")
    updated_at: Timestamp = Field(validation_alias="updatedAt", serialization_alias="updatedAt")


class PolicyResponse(Answer):
    policy: PolicySummary


class RecallResponseTransactionsItem(Answer):
    transaction_id: str = Field(validation_alias="transactionId", serialization_alias="transactionId")
    asset: str
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    amount: str
    status: AnyTransactionStatus
    tx_hash: str | None = Field(default=None, validation_alias="txHash", serialization_alias="txHash")
    error: str | None = Field(default=None)


class RecallResponseLeftItem(Answer):
    asset: str
    token_mint: str | None = Field(default=None, validation_alias="tokenMint", serialization_alias="tokenMint")
    account: str | None = Field(default=None)
    balance: str
    reason: Literal['FROZEN', 'UNSUPPORTED', 'UNLISTED', 'NEEDS_GAS', 'FAILED', 'KEPT_FOR_GAS', 'DUST'] | str
    detail: str | None = Field(default=None)


class RecallResponse(Answer):
    recall_id: str = Field(validation_alias="recallId", serialization_alias="recallId")
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    kind: Literal['MANUAL', 'TERMINATION'] | str
    status: Literal['PENDING', 'EXECUTING', 'COMPLETED', 'PARTIAL', 'FAILED'] | str
    destination: str
    requested_by: str = Field(validation_alias="requestedBy", serialization_alias="requestedBy")
    requested_at: Timestamp = Field(validation_alias="requestedAt", serialization_alias="requestedAt")
    started_at: Timestamp | None = Field(default=None, validation_alias="startedAt", serialization_alias="startedAt")
    ended_at: Timestamp | None = Field(default=None, validation_alias="endedAt", serialization_alias="endedAt")
    error: str | None = Field(default=None)
    transactions: list[RecallResponseTransactionsItem]
    left: list[RecallResponseLeftItem]


class RecallListResponse(Answer):
    recalls: list[RecallResponse]


class RecoveryAddressResponseNext(Answer):
    address: str
    active_from: Timestamp = Field(validation_alias="activeFrom", serialization_alias="activeFrom")


class RecoveryAddressResponse(Answer):
    agent_id: str = Field(validation_alias="agentId", serialization_alias="agentId")
    address: str | None
    next: RecoveryAddressResponseNext | None


class SecretRotationResponse(Answer):
    rotated: Literal[True]
    timestamp: Timestamp
    previous_valid_until: Timestamp = Field(validation_alias="previousValidUntil", serialization_alias="previousValidUntil")


class SessionCreateResponse(Answer):
    session_id: str = Field(validation_alias="sessionId", serialization_alias="sessionId")
    token: str
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")
    constraints: SessionConstraintsAnswer


class SessionListResponse(Answer):
    sessions: list[SessionSummary]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")


class SessionRenewResponse(Answer):
    session_id: str = Field(validation_alias="sessionId", serialization_alias="sessionId")
    token: str
    expires_at: Timestamp = Field(validation_alias="expiresAt", serialization_alias="expiresAt")
    renewal_count: int = Field(validation_alias="renewalCount", serialization_alias="renewalCount")
    renewals_left: int = Field(validation_alias="renewalsLeft", serialization_alias="renewalsLeft")
    max_renewals: int = Field(validation_alias="maxRenewals", serialization_alias="maxRenewals")
    absolute_expires_at: Timestamp = Field(validation_alias="absoluteExpiresAt", serialization_alias="absoluteExpiresAt")


class SessionRevokeResponse(Answer):
    revoked: Literal[True]
    session_id: str = Field(validation_alias="sessionId", serialization_alias="sessionId")
    revoked_at: Timestamp = Field(validation_alias="revokedAt", serialization_alias="revokedAt")
    transactions_cancelled: int = Field(validation_alias="transactionsCancelled", serialization_alias="transactionsCancelled")


class ShutdownResponse(Answer):
    shutdown_initiated: Literal[True] = Field(validation_alias="shutdownInitiated", serialization_alias="shutdownInitiated")
    timestamp: Timestamp
    message: str


class TransactionListResponse(Answer):
    transactions: list[TransactionResponse]
    next_cursor: str | None = Field(validation_alias="nextCursor", serialization_alias="nextCursor")
