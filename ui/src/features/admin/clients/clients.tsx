// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData } from '@tanstack/react-query'
import { Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { SearchBox } from '@/components/search-box'
import { useFilters } from '@/components/use-filters'
import { useConnected } from '@/live/context'

import { ListTable } from '../list-table'
import { useClientColumns } from './columns'
import { EndedSessions, RunningSessions } from './sessions'

/** ClientsScreen lists the tunnel clients of all accounts, and the sessions between them. */
export function ClientsScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [{ search }, change] = useFilters(['search'])
  useConnected('every') // whose changes have the lists fetched anew
  const query = api.useInfiniteQuery(
    'get',
    '/admin/clients',
    { params: { query: { search } } },
    { ...pageParams, placeholderData: keepPreviousData },
  )
  const columns = useClientColumns()
  return (
    <Page title={t('common:nav.admin_clients')} intro={t('clients.intro')}>
      <SearchBox label={t('clients.search')} value={search} onSearch={(text) => change({ search: text })} />
      <ListTable
        query={query}
        rows={items(query.data)}
        rowKey={(c) => `${c.owner_id}/${c.name}`}
        label={t('common:nav.admin_clients')}
        columns={columns}
        empty={<EmptyState title={search ? t('nothing_found') : t('clients.empty')} />}
      />
      <Flex vertical gap="middle">
        <RunningSessions />
        <EndedSessions />
      </Flex>
    </Page>
  )
}
