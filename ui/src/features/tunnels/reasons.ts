// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** reasons are all that the log of sessions has as why one ended, with the keys of their texts. */
export const reasons = {
  ended: 'ended',
  client_offline: 'client_offline',
  service_not_found: 'service_not_found',
  timeout: 'timeout',
  limit_reached: 'limit_reached',
  grant_withdrawn: 'grant_withdrawn',
  quota_exceeded: 'quota_exceeded',
  key_changed: 'key_changed',
  no_encryption: 'no_encryption',
  not_published: 'not_published',
  'gateway restarting': 'restarting',
  'gateway removed': 'removed',
} as const

/** reasonKey is what a text is found by; another version's gateway may know more reasons. */
export function reasonKey(reason: string) {
  return Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : 'unknown'
}
