// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

export type InviteState = Schema<'Invite'>['state']

export const inviteStates = ['unused', 'used', 'expired', 'revoked'] as const satisfies InviteState[]

/** inviteState is the state that an address names, if it is one. */
export const inviteState = (text: string | undefined) => inviteStates.find((s) => s === text)
