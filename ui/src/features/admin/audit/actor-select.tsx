// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useDeferredValue, useState } from 'react'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'

/** ActorSelect chooses an account, whose name is searched for; its value is the id. */
export function ActorSelect({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (id: string | undefined) => void
}) {
  const { t } = useTranslation('admin')
  const [text, setText] = useState('')
  const search = useDeferredValue(text) || undefined
  const found = api.useQuery('get', '/admin/users', { params: { query: { search, limit: 20 } } })
  const users = found.data?.items ?? []
  const isFound = users.some((u) => String(u.id) === value)
  const chosen = api.useQuery(
    'get',
    '/admin/users/{id}',
    { params: { path: { id: Number(value) } } },
    { enabled: Boolean(value) && found.isSuccess && !isFound, staleTime: Infinity },
  )
  const options = users.map((u) => ({ value: String(u.id), label: u.name }))
  if (value && !isFound)
    options.push({ value, label: chosen.data?.name ?? t('audit.account', { id: value }) })
  return (
    <Select
      aria-label={t('audit.actor')}
      placeholder={t('audit.actor')}
      allowClear
      showSearch={{ filterOption: false, onSearch: setText }}
      loading={found.isFetching}
      value={value}
      onChange={(id?: string) => onChange(id)}
      options={options}
      style={{ width: 180 }}
    />
  )
}
