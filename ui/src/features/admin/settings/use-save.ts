// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch, type Schema } from '@/api/client'
import { asApiError } from '@/api/error'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

import type { Editable } from './use-settings'

export type Saving = { save: () => void; busy: boolean; refused: boolean }

/** useSave saves a setting, unless somebody else has changed it since. `refused`: the API does not take the value. */
export function useSave<K extends Schema<'Setting'>['key']>(setting: Editable<K>): Saving {
  const { t } = useTranslation('admin')
  const client = useQueryClient()
  const { message } = App.useApp()
  const fail = useFail()
  const [refused, setRefused] = useState<unknown>()
  const put = api.useMutation('put', '/admin/settings/{key}', {
    onSuccess: async () => {
      message.success(t('saved'))
      setRefused(undefined)
      await invalidate(client, '/admin/settings', '/site', '/auth/terms')
      setting.reset()
    },
    onError: (error) => {
      if (asApiError(error).code === 'invalid') return setRefused(setting.value)
      fail(error)
      void invalidate(client, '/admin/settings')
    },
  })
  const save = () =>
    put.mutate({
      params: { path: { key: setting.key }, header: ifMatch(setting.version) },
      body: { value: setting.value },
    })
  return { save, busy: put.isPending, refused: refused !== undefined && refused === setting.value }
}
