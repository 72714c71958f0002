// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData } from '@tanstack/react-query'
import { Flex, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { SearchBox } from '@/components/search-box'
import { useFilters } from '@/components/use-filters'

import { ListTable } from '../list-table'
import { useUserColumns } from './columns'
import { UserDrawer } from './user-drawer'

const kinds = { admins: { admin: 'true' }, disabled: { disabled: 'true' } } as const

/** UsersScreen lists the accounts; one that is chosen opens beside them. */
export function UsersScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [{ search, kind, user }, change] = useFilters(['search', 'kind', 'user'])
  const only = kind === 'admins' || kind === 'disabled' ? kind : undefined
  const query = api.useInfiniteQuery(
    'get',
    '/admin/users',
    { params: { query: { search, ...(only && kinds[only]) } } },
    { ...pageParams, placeholderData: keepPreviousData },
  )
  const columns = useUserColumns((id) => change({ user: String(id) }))
  return (
    <Page title={t('common:nav.admin_users')} intro={t('users.intro')}>
      <Flex gap="small" wrap>
        <SearchBox label={t('users.search')} value={search} onSearch={(text) => change({ search: text })} />
        <Select
          aria-label={t('users.filter')}
          value={only ?? ''}
          onChange={(value) => change({ kind: value })}
          options={[
            { value: '', label: t('users.everybody') },
            { value: 'admins', label: t('users.admins') },
            { value: 'disabled', label: t('users.disabled_ones') },
          ]}
          style={{ minWidth: 180 }}
        />
      </Flex>
      <ListTable
        query={query}
        rows={items(query.data)}
        rowKey="id"
        label={t('common:nav.admin_users')}
        columns={columns}
        empty={<EmptyState title={t('nothing_found')} />}
      />
      <UserDrawer id={user ? Number(user) : undefined} onClose={() => change({ user: undefined })} />
    </Page>
  )
}
