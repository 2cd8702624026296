export type { SendResult } from './channels/channel.ts';
export type { ChannelBook } from './channels/channel-book.ts';
export type { Timers } from './delivery/attempt.ts';
export type { Dispatcher } from './delivery/dispatcher.ts';
export type { Resolve, ResolvedAddress } from './http/address-guard.ts';
export type { ChannelManagement } from './management/channel-management.ts';
export type { Upkeep } from './management/upkeep.ts';
export { createNotifications, type Notifications, type NotificationsDependencies } from './notifications.ts';
