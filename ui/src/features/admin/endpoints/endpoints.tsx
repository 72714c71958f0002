// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { SearchBox } from '@/components/search-box'
import { useFilters } from '@/components/use-filters'
import { useHidden } from '@/features/endpoints/hidden'

import { ListTable } from '../list-table'
import { useEndpointColumns } from './columns'

/** EndpointsScreen lists the endpoints of all accounts. */
export function EndpointsScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [{ search }, change] = useFilters(['search'])
  const hidden = useHidden()
  const query = api.useInfiniteQuery(
    'get',
    '/admin/endpoints',
    { params: { query: { search } } },
    { ...pageParams, placeholderData: keepPreviousData },
  )
  const columns = useEndpointColumns()
  return (
    <Page title={t('common:nav.admin_endpoints')} intro={t('endpoints.intro')}>
      <SearchBox label={t('endpoints.search')} value={search} onSearch={(text) => change({ search: text })} />
      <ListTable
        query={query}
        rows={items(query.data).filter((e) => !hidden.has(e.id))}
        rowKey="id"
        label={t('common:nav.admin_endpoints')}
        columns={columns}
        empty={<EmptyState title={search ? t('nothing_found') : t('endpoints.empty')} />}
      />
    </Page>
  )
}
