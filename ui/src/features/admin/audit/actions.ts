// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** auditActions are what the gateway writes into the audit log, in the order of the filter. */
export const auditActions = [
  'login.create',
  'login.fail',
  'login.end',
  'login.end_all',
  'password.change',
  'password.reset',
  'reset.create',
  'user.register',
  'user.create',
  'user.update',
  'user.delete',
  'invite.create',
  'invite.revoke',
  'api_token.create',
  'api_token.revoke',
  'client_token.create',
  'client_token.revoke',
  'device.allow',
  'device.deny',
  'grant.create',
  'grant.delete',
  'access.set',
  'domain.set',
  'domain.drop',
  'endpoint.create',
  'endpoint.change',
  'endpoint.key',
  'endpoint.public',
  'endpoint.rotate',
  'endpoint.kick',
  'endpoint.delete',
  'client.kick',
  'client.forget_key',
  'session.end',
  'setting.update',
  'block.create',
  'block.delete',
] as const

export type AuditAction = (typeof auditActions)[number]

const isKnown = (action: string): action is AuditAction => auditActions.some((a) => a === action)

/** actionKey is the key of an action's text; undefined for one that only a newer gateway knows. */
export const actionKey = (action: string) =>
  isKnown(action) ? (`audit.actions.${action}` as const) : undefined
