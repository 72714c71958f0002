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
import { publicationKey, usePublicationColumns } from '@/features/publishing/columns'
import { refreshEach } from '@/features/tunnels/names'

import { ListTable } from '../list-table'
import { Owner } from '../owner'
import { Domains } from './domains'

/** PublishingScreen lists the public names and ports of all accounts, and their domains. */
export function PublishingScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [{ search }, change] = useFilters(['search'])
  const query = api.useInfiniteQuery(
    'get',
    '/admin/published',
    { params: { query: { search } } },
    { ...pageParams, refetchInterval: refreshEach, placeholderData: keepPreviousData },
  )
  const [address, ...columns] = usePublicationColumns(true)
  const rows = items(query.data)
  return (
    <Page title={t('common:nav.admin_publishing')} intro={t('publishing.intro')}>
      <SearchBox
        label={t('publishing.search')}
        value={search}
        onSearch={(text) => change({ search: text })}
      />
      <ListTable
        query={query}
        rows={rows}
        rowKey={publicationKey}
        label={t('common:nav.admin_publishing')}
        columns={[
          address!,
          { title: t('owner'), key: 'owner', render: (_, p) => <Owner id={p.owner_id} name={p.owner} /> },
          ...columns,
        ]}
        empty={<EmptyState title={search ? t('nothing_found') : t('publishing.empty')} />}
      />
      <div style={{ marginBlockStart: 16 }}>
        <Domains />
      </div>
    </Page>
  )
}
