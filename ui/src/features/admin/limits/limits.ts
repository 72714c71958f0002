// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

type UserLimits = Schema<'UserLimits'>

export const limitNames = [
  'endpoints',
  'clients',
  'connections',
  'monthly_bytes',
] as const satisfies (keyof UserLimits)[]

/** allLimits has the limits that the API leaves out, since they are the default, too. */
export const allLimits = (l: UserLimits): Required<UserLimits> => ({
  endpoints: 0,
  clients: 0,
  connections: 0,
  monthly_bytes: 0,
  ...l,
})
