// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DownloadOutlined } from '@ant-design/icons'
import { keepPreviousData } from '@tanstack/react-query'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { useFilters } from '@/components/use-filters'

import { ListTable } from '../list-table'
import { useAuditColumns } from './columns'
import { Details } from './details'
import { FilterBar } from './filter-bar'
import { auditFilters, auditQuery, exportLink } from './filters'

/** AuditScreen lists who has changed what. */
export function AuditScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [filters, change] = useFilters(auditFilters)
  const query = api.useInfiniteQuery(
    'get',
    '/admin/audit',
    { params: { query: auditQuery(filters) } },
    { ...pageParams, staleTime: 0, placeholderData: keepPreviousData },
  )
  const columns = useAuditColumns()
  const files = (['csv', 'jsonl'] as const).map((format) => ({
    key: format,
    label: (
      <a href={exportLink(filters, format)} download>
        {t(`audit.${format}`)}
      </a>
    ),
  }))
  return (
    <Page
      title={t('common:nav.admin_audit')}
      intro={t('audit.intro')}
      actions={
        <Dropdown trigger={['click']} menu={{ items: files }}>
          <Button icon={<DownloadOutlined aria-hidden />}>{t('audit.export')}</Button>
        </Dropdown>
      }
    >
      <FilterBar filters={filters} onChange={change} />
      <ListTable
        query={query}
        rows={items(query.data)}
        rowKey="id"
        label={t('common:nav.admin_audit')}
        size="middle"
        columns={columns}
        expandable={{
          // Then the details are as wide as what is seen of the table, not as the table.
          fixed: 'left',
          columnTitle: <span className="sr-only">{t('audit.changes')}</span>,
          expandedRowRender: (entry) => <Details entry={entry} />,
        }}
        empty={<EmptyState title={t('nothing_found')} />}
      />
    </Page>
  )
}
