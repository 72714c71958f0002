// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'

import type { Schema } from '@/api/client'

type Key = Schema<'Setting'>['key']

/** Values are what the settings are; the API's document leaves it open. */
type Values = {
  terms: string
  feedback_link: string
  registration: boolean
  limits: Schema<'UserLimits'>
}

/** Editable is a setting that may have been changed here and not saved yet. */
export type Editable<K extends Key> = {
  key: K
  version: number
  value: Values[K]
  changed: boolean
  /** Somebody else has changed it since it was changed here. */
  overtaken: boolean
  change: (value: Values[K]) => void
  reset: () => void
}

type Drafts = { [K in Key]?: { value: Values[K]; version: number } }

/** useSettings keeps what was changed here and not saved, also while the settings are fetched anew. */
export function useSettings(settings: Schema<'Setting'>[]) {
  const [drafts, setDrafts] = useState<Drafts>({})
  const setting = <K extends Key>(key: K): Editable<K> => {
    const { value, version } = settings.find((s) => s.key === key) as { value: Values[K]; version: number }
    const draft = drafts[key] as { value: Values[K]; version: number } | undefined
    return {
      key,
      version,
      value: draft ? draft.value : value,
      changed: draft !== undefined,
      overtaken: draft !== undefined && draft.version !== version,
      change: (next) =>
        setDrafts((old) => ({
          ...old,
          [key]: same(next, value) ? undefined : { value: next, version: old[key]?.version ?? version },
        })),
      reset: () => setDrafts((old) => ({ ...old, [key]: undefined })),
    }
  }
  return { setting, changed: Object.values(drafts).some(Boolean) }
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
