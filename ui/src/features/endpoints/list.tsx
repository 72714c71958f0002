// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { keepPreviousData } from '@tanstack/react-query'
import { Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { More } from '@/components/more'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { SearchBox } from '@/components/search-box'
import { useFilters } from '@/components/use-filters'

import { CreateButton } from './create-button'
import { EndpointTable } from './endpoint-table'
import { useHidden } from './hidden'

const perPage = 200

/** Component lists one's own endpoints. */
export function Component() {
  const { t } = useTranslation(['endpoints', 'common'])
  const [{ search }, change] = useFilters(['search'])
  const query = api.useInfiniteQuery(
    'get',
    '/endpoints',
    { params: { query: { search, limit: perPage } } },
    { ...pageParams, placeholderData: keepPreviousData },
  )
  const hidden = useHidden()
  const rows = useMemo(() => items(query.data).filter((e) => !hidden.has(e.id)), [query.data, hidden])
  const none = query.data && rows.length === 0 && !query.hasNextPage
  const first = none && !search
  return (
    <Page title={t('common:nav.endpoints')} actions={!first && <CreateButton />} intro={t('list.intro')}>
      {!first && (
        <SearchBox label={t('list.search')} value={search} onSearch={(text) => change({ search: text })} />
      )}
      {query.error && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ScreenSkeleton />}
      {first && (
        <EmptyState title={t('list.empty.title')} text={t('list.empty.text')} action={<CreateButton />} />
      )}
      {none && search && <EmptyState title={t('list.nothing_found', { search })} />}
      {rows.length > 0 && (
        <Flex vertical gap="middle">
          <EndpointTable rows={rows} />
          <More query={query} />
        </Flex>
      )}
    </Page>
  )
}
