// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useDeferredValue } from 'react'
import { keepPreviousData } from '@tanstack/react-query'
import { Flex, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { AddLink } from './add-link'
import { ClientsTable } from './clients-table'
import { refreshEach } from './names'

/** ClientsTab lists the account's clients. */
export function ClientsTab() {
  const { t } = useTranslation('tunnels')
  const [params, setParams] = useSearchParams()
  const search = params.get('search') ?? ''
  const wanted = useDeferredValue(search)
  const list = api.useInfiniteQuery(
    'get',
    '/clients',
    { params: { query: wanted ? { search: wanted } : {} } },
    { ...pageParams, refetchInterval: refreshEach, placeholderData: keepPreviousData },
  )
  const clients = items(list.data)
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  if (!clients.length && !search) {
    return <EmptyState title={t('clients.empty')} text={t('clients.empty_text')} action={<AddLink />} />
  }
  return (
    <Flex vertical gap="middle">
      <Input.Search
        allowClear
        maxLength={100}
        value={search}
        placeholder={t('clients.search')}
        aria-label={t('clients.search')}
        onChange={({ target: { value } }) => setParams(value ? { search: value } : {}, { replace: true })}
        style={{ maxWidth: 360 }}
      />
      <ClientsTable clients={clients} />
      <More query={list} />
    </Flex>
  )
}
