// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { fetcher } from '@/api/client'
import { invalidate } from '@/api/query'
import { useUndo } from '@/components/use-undo'
import type { Scope } from '@/live/stream'

import { hide, restore } from './hidden'
import { at, byId, type Endpoint } from './scope'

/** useDelete returns what deletes an endpoint, with a while to think again. */
export function useDelete(scope: Scope) {
  const { t } = useTranslation('endpoints')
  const client = useQueryClient()
  const undo = useUndo()
  return useCallback(
    ({ id, name }: Endpoint) =>
      undo({
        title: t('delete.done', { name: name || t('unnamed') }),
        hide: () => hide(id),
        restore: () => restore(id),
        run: async () => {
          // The page may be on its way out.
          await fetcher.DELETE(at(scope, '/endpoints/{id}'), { ...byId(id), keepalive: true })
          await invalidate(client, '/endpoints', '/admin/endpoints')
        },
      }),
    [t, client, undo, scope],
  )
}
