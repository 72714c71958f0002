// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Filters } from '@/components/use-filters'

export const auditFilters = ['actor', 'action', 'target', 'from', 'to'] as const

export type AuditFilters = Filters<(typeof auditFilters)[number]>

/** auditQuery is what the API is asked; what an address has that is none of it is left out. */
export function auditQuery({ actor, action, target, from, to }: AuditFilters) {
  return {
    actor: actor && /^\d{1,15}$/.test(actor) ? Number(actor) : undefined,
    action,
    target,
    from: moment(from),
    to: moment(to),
  }
}

/** exportLink is where the same entries are to be had as a file. */
export function exportLink(filters: AuditFilters, format: 'csv' | 'jsonl'): string {
  const query = new URLSearchParams({ format })
  for (const [name, value] of Object.entries(auditQuery(filters))) {
    if (value !== undefined) query.set(name, String(value))
  }
  return `/api/v1/admin/audit/export?${query}`
}

function moment(text: string | undefined): string | undefined {
  const at = text ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
