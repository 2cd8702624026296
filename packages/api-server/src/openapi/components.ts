import {
  addressResponseSchema,
  adminLoginResponseSchema,
  adminLogoutResponseSchema,
  adminStatusResponseSchema,
  agentBudgetResponseSchema,
  agentCreateSchema,
  agentDetailResponseSchema,
  agentListResponseSchema,
  agentSummarySchema,
  agentTerminateSchema,
  assetsResponseSchema,
  auditEntrySchema,
  auditLogResponseSchema,
  auditVerificationSchema,
  autoStopRuleCreateSchema,
  autoStopRuleDeleteResponseSchema,
  autoStopRuleListResponseSchema,
  autoStopRuleSchema,
  autoStopRuleUpdateSchema,
  balanceHistoryResponseSchema,
  balanceResponseSchema,
  budgetResponseSchema,
  changeBatchSchema,
  dashboardResponseSchema,
  deadLetterListResponseSchema,
  deadLetterSchema,
  decisionRecordResponseSchema,
  dryRunResponseSchema,
  errorBodySchema,
  healthResponseSchema,
  idSchema,
  killSwitchRequestSchema,
  killSwitchResponseSchema,
  listedPolicySchema,
  masterPasswordChangeResponseSchema,
  masterPasswordChangeSchema,
  nonceResponseSchema,
  notificationChannelCreateSchema,
  notificationChannelDeleteResponseSchema,
  notificationChannelListResponseSchema,
  notificationChannelResponseSchema,
  notificationChannelSchema,
  notificationChannelTestResponseSchema,
  notificationChannelUpdateSchema,
  notificationLogEntrySchema,
  notificationLogResponseSchema,
  ownerApproveResponseSchema,
  ownerChangeResponseSchema,
  ownerChangeSchema,
  ownerConnectResponseSchema,
  ownerConnectSchema,
  ownerDisconnectResponseSchema,
  ownerMessageRequestSchema,
  ownerMessageResponseSchema,
  ownerRejectResponseSchema,
  ownerRejectSchema,
  ownerStatusResponseSchema,
  ownerTransactionListResponseSchema,
  ownerTransactionSchema,
  pendingApprovalListResponseSchema,
  pendingApprovalSchema,
  pendingTransactionListResponseSchema,
  policyCreateSchema,
  policyDeleteResponseSchema,
  policyEvaluationRequestSchema,
  policyEvaluationResponseSchema,
  policyJudgementSchema,
  policyListResponseSchema,
  policyResponseSchema,
  policySummarySchema,
  policyUpdateSchema,
  policyVerdictSchema,
  recallListResponseSchema,
  recallRequestSchema,
  recallResponseSchema,
  recoverResponseSchema,
  recoveryAddressRequestSchema,
  recoveryAddressResponseSchema,
  redeliverResponseSchema,
  redeliverSchema,
  redeliverySchema,
  replayResponseSchema,
  secretRotationResponseSchema,
  sessionCreateResponseSchema,
  sessionCreateSchema,
  sessionListResponseSchema,
  sessionRenewResponseSchema,
  sessionRevokeResponseSchema,
  sessionSummarySchema,
  settingsResponseSchema,
  settingsUpdateResponseSchema,
  settingsUpdateSchema,
  shutdownResponseSchema,
  telegramUnpairResponseSchema,
  telegramVerifyResponseSchema,
  telegramVerifySchema,
  timestampSchema,
  transactionListResponseSchema,
  transactionResponseSchema,
  transferRequestSchema,
} from '@waiaas/core';
import { z } from 'zod';

/** A JSON schema in the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Direction = 'input' | 'output';

/** Named schemas of request bodies (06 §1.12): described as a client writes them. */
const requestBodies = {
  AutoStopRuleCreate: autoStopRuleCreateSchema,
  AutoStopRuleUpdate: autoStopRuleUpdateSchema,
  KillSwitchRequest: killSwitchRequestSchema,
  AgentCreate: agentCreateSchema,
  AgentTerminate: agentTerminateSchema,
  CreatePolicyRequest: policyCreateSchema,
  MasterPasswordChange: masterPasswordChangeSchema,
  OwnerChange: ownerChangeSchema,
  OwnerConnect: ownerConnectSchema,
  OwnerMessageRequest: ownerMessageRequestSchema,
  OwnerReject: ownerRejectSchema,
  RecallRequest: recallRequestSchema,
  RecoveryAddressRequest: recoveryAddressRequestSchema,
  SessionCreate: sessionCreateSchema,
  TransferRequest: transferRequestSchema,
  CreateNotificationChannelRequest: notificationChannelCreateSchema,
  TelegramVerifyRequest: telegramVerifySchema,
  UpdateNotificationChannelRequest: notificationChannelUpdateSchema,
  RedeliverRequest: redeliverSchema,
  UpdatePolicyRequest: policyUpdateSchema,
  UpdateSettingsRequest: settingsUpdateSchema,
} as const;

/** Named schemas of answers (06 §1.12). */
const answers = {
  AgentDetailResponse: agentDetailResponseSchema,
  SettingsResponse: settingsResponseSchema,
  UpdateSettingsResponse: settingsUpdateResponseSchema,
  AutoStopRule: autoStopRuleSchema,
  AutoStopRuleListResponse: autoStopRuleListResponseSchema,
  AutoStopRuleDeleteResponse: autoStopRuleDeleteResponseSchema,
  KillSwitchResponse: killSwitchResponseSchema,
  RecoverResponse: recoverResponseSchema,
  AuditEntry: auditEntrySchema,
  AuditLogResponse: auditLogResponseSchema,
  AuditVerification: auditVerificationSchema,
  DeadLetter: deadLetterSchema,
  DeadLetterListResponse: deadLetterListResponseSchema,
  DashboardResponse: dashboardResponseSchema,
  DecisionRecordResponse: decisionRecordResponseSchema,
  DryRunResponse: dryRunResponseSchema,
  ReplayResponse: replayResponseSchema,
  AddressResponse: addressResponseSchema,
  AdminLoginResponse: adminLoginResponseSchema,
  AdminLogoutResponse: adminLogoutResponseSchema,
  AdminStatusResponse: adminStatusResponseSchema,
  AgentBudgetResponse: agentBudgetResponseSchema,
  AgentListResponse: agentListResponseSchema,
  AgentSummary: agentSummarySchema,
  AssetsResponse: assetsResponseSchema,
  BalanceHistoryResponse: balanceHistoryResponseSchema,
  BalanceResponse: balanceResponseSchema,
  BudgetResponse: budgetResponseSchema,
  ChangeBatch: changeBatchSchema,
  ErrorResponse: errorBodySchema,
  HealthResponse: healthResponseSchema,
  MasterPasswordChangeResponse: masterPasswordChangeResponseSchema,
  NonceResponse: nonceResponseSchema,
  NotificationChannel: notificationChannelSchema,
  NotificationChannelDeleteResponse: notificationChannelDeleteResponseSchema,
  NotificationChannelListResponse: notificationChannelListResponseSchema,
  NotificationChannelResponse: notificationChannelResponseSchema,
  NotificationChannelTestResponse: notificationChannelTestResponseSchema,
  NotificationLogEntry: notificationLogEntrySchema,
  NotificationLogResponse: notificationLogResponseSchema,
  Redelivery: redeliverySchema,
  RedeliverResponse: redeliverResponseSchema,
  TelegramUnpairResponse: telegramUnpairResponseSchema,
  TelegramVerifyResponse: telegramVerifyResponseSchema,
  OwnerApproveResponse: ownerApproveResponseSchema,
  OwnerChangeResponse: ownerChangeResponseSchema,
  OwnerConnectResponse: ownerConnectResponseSchema,
  OwnerDisconnectResponse: ownerDisconnectResponseSchema,
  OwnerMessageResponse: ownerMessageResponseSchema,
  OwnerRejectResponse: ownerRejectResponseSchema,
  OwnerStatusResponse: ownerStatusResponseSchema,
  OwnerTransaction: ownerTransactionSchema,
  OwnerTransactionListResponse: ownerTransactionListResponseSchema,
  PendingApproval: pendingApprovalSchema,
  PendingApprovalListResponse: pendingApprovalListResponseSchema,
  PendingTransactionListResponse: pendingTransactionListResponseSchema,
  PolicyDeleteResponse: policyDeleteResponseSchema,
  PolicyEvaluationRequest: policyEvaluationRequestSchema,
  PolicyEvaluationResponse: policyEvaluationResponseSchema,
  PolicyJudgement: policyJudgementSchema,
  PolicyVerdict: policyVerdictSchema,
  PolicyListResponse: policyListResponseSchema,
  PolicyResponse: policyResponseSchema,
  PolicySummary: policySummarySchema,
  ListedPolicy: listedPolicySchema,
  RecallListResponse: recallListResponseSchema,
  RecallResponse: recallResponseSchema,
  RecoveryAddressResponse: recoveryAddressResponseSchema,
  SecretRotationResponse: secretRotationResponseSchema,
  SessionCreateResponse: sessionCreateResponseSchema,
  SessionListResponse: sessionListResponseSchema,
  SessionRenewResponse: sessionRenewResponseSchema,
  SessionRevokeResponse: sessionRevokeResponseSchema,
  SessionSummary: sessionSummarySchema,
  ShutdownResponse: shutdownResponseSchema,
  TransactionListResponse: transactionListResponseSchema,
  TransactionResponse: transactionResponseSchema,
} as const;

const uri = (name: string): string => `#/components/schemas/${name}`;

const settings = (io: Direction) =>
  ({
    io,
    target: 'draft-2020-12',
    // Refinements in code have no JSON form; where there is a standard word for one, it is used.
    override: ({
      zodSchema,
      jsonSchema,
    }: {
      zodSchema: z.core.$ZodTypes;
      jsonSchema: z.core.JSONSchema.BaseSchema;
    }) => {
      if (zodSchema === idSchema) jsonSchema.format = 'uuid';
      if (zodSchema === timestampSchema) jsonSchema.format = 'date-time';
    },
  }) as const;

const withoutIdentity = ({ $id: _id, $schema: _schema, ...rest }: Readonly<Record<string, unknown>>): JsonSchema =>
  rest;

function named(schemas: Readonly<Record<string, z.ZodType>>, io: Direction): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, { ...settings(io), uri });
  return Object.fromEntries(
    Object.entries(generated.schemas).map(([id, schema]) => [id, withoutIdentity({ ...schema })]),
  );
}

/** All named schemas as the document lists them. */
export const componentSchemas = (): Readonly<Record<string, JsonSchema>> => ({
  ...named(requestBodies, 'input'),
  ...named(answers, 'output'),
});

const names: ReadonlyMap<unknown, string> = new Map(
  Object.entries({ ...requestBodies, ...answers }).map(([name, schema]) => [schema, name]),
);

/** What a schema that may also be left out, or be null, says of what is there. */
const present = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? present(schema.unwrap()) : schema;

/** JSON schema of a part of a route: a reference where the schema has a name, whether it may be left out or not. */
export function jsonSchemaOf(schema: z.ZodType, io: Direction): JsonSchema {
  const name = names.get(present(schema));
  return name === undefined ? withoutIdentity({ ...z.toJSONSchema(schema, settings(io)) }) : { $ref: uri(name) };
}

/** Reference to the schema of all errors. */
export const errorSchema: JsonSchema = { $ref: uri('ErrorResponse') };
