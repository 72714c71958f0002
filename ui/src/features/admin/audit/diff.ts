// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** Line is a field of a thing with what it was and what it became, as text. */
export type Line = { field: string; before?: string; after?: string }

/** diff returns the fields that differ; all that there are of a thing that was made or deleted. */
export function diff(before: unknown, after: unknown): Line[] {
  const was = flat(before)
  const is = flat(after)
  const fields = new Set([...was.keys(), ...is.keys()])
  return [...fields]
    .map((field) => ({ field, before: was.get(field), after: is.get(field) }))
    .filter((l) => l.before !== l.after)
}

/** flat has the leaves of a thing by their paths: "settings.max_connections". A thing that is no object has the path "". */
function flat(value: unknown, path = ''): Map<string, string> {
  if (value === undefined || value === null) return new Map()
  if (typeof value !== 'object') return new Map([[path, String(value)]])
  if (Array.isArray(value)) return new Map([[path, value.map(leaf).join(', ')]])
  return new Map(Object.entries(value).flatMap(([key, v]) => [...flat(v, path ? `${path}.${key}` : key)]))
}

const leaf = (v: unknown) => (typeof v === 'object' ? JSON.stringify(v) : String(v))
