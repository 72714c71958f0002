// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData } from '@tanstack/react-query'
import { Flex, Table, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { Command } from '@/components/command'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { scrollByKeys } from '@/components/scroll-by-keys'
import { SearchBox } from '@/components/search-box'
import { useFilters } from '@/components/use-filters'
import { refreshEach } from '@/features/tunnels/names'

import { publicationKey, usePublicationColumns } from './columns'
import type { Publication } from './which'

/** NamesTab lists the account's public names and ports. */
export function NamesTab() {
  const { t } = useTranslation('publishing')
  const [{ search }, change] = useFilters(['search'])
  const list = api.useInfiniteQuery(
    'get',
    '/published',
    { params: { query: { search } } },
    { ...pageParams, refetchInterval: refreshEach, placeholderData: keepPreviousData },
  )
  const columns = usePublicationColumns(false)
  const rows = items(list.data)
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  if (!rows.length && !search) return <Nothing />
  return (
    <Flex vertical gap="middle">
      <SearchBox label={t('names.search')} value={search} onSearch={(text) => change({ search: text })} />
      <Table<Publication>
        ref={scrollByKeys}
        aria-label={t('tabs.names')}
        rowKey={publicationKey}
        dataSource={rows}
        columns={columns}
        pagination={false}
        size="middle"
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: t('names.none_found') }}
      />
      <More query={list} />
    </Flex>
  )
}

/** Nothing says how the first service is published. */
function Nothing() {
  const { t } = useTranslation('publishing')
  return (
    <EmptyState
      title={t('names.empty')}
      text={t('names.empty_text')}
      action={
        <Flex vertical gap="small" style={{ maxWidth: 420, marginInline: 'auto', textAlign: 'start' }}>
          <Typography.Text>{t('names.first_website')}</Typography.Text>
          <Command text="tunnelclient http 8080" what={t('command')} />
          <Typography.Text>{t('names.first_port')}</Typography.Text>
          <Command text="tunnelclient tcp 22" what={t('command')} />
          <Link to="/docs/publishing">{t('docs')}</Link>
        </Flex>
      }
    />
  )
}
