// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { PlusOutlined } from '@ant-design/icons'
import { Button, Flex, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { items, pageParams } from '@/components/pages'
import { useFilters } from '@/components/use-filters'

import { ListTable } from '../list-table'
import { CreateInvites } from './create-invites'
import { ExportInvites } from './export-invites'
import { useInviteColumns } from './columns'
import { NewInvites } from './new-invites'
import { inviteState, inviteStates } from './states'

/** InvitesScreen makes invites and shows what became of them. */
export function InvitesScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [creating, setCreating] = useState(false)
  const [made, setMade] = useState<Schema<'NewInvite'>[]>([])
  const [filters, change] = useFilters(['state'])
  const state = inviteState(filters.state)
  const query = api.useInfiniteQuery('get', '/admin/invites', { params: { query: { state } } }, pageParams)
  const columns = useInviteColumns()
  const create = (
    <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setCreating(true)}>
      {t('invites.create')}
    </Button>
  )
  const any = { value: '', label: t('invites.any') }
  return (
    <Page title={t('common:nav.admin_invites')} intro={t('invites.intro')} actions={create}>
      <Flex gap="small" wrap justify="space-between">
        <Select
          aria-label={t('invites.filter')}
          value={state ?? ''}
          onChange={(value) => change({ state: value })}
          options={[any, ...inviteStates.map((s) => ({ value: s, label: t(`invites.states.${s}`) }))]}
          style={{ minWidth: 160 }}
        />
        <ExportInvites state={state} />
      </Flex>
      <ListTable
        query={query}
        rows={items(query.data)}
        rowKey="id"
        label={t('common:nav.admin_invites')}
        columns={columns}
        empty={
          state ? (
            <EmptyState title={t('nothing_found')} />
          ) : (
            <EmptyState title={t('invites.empty')} text={t('invites.empty_text')} />
          )
        }
      />
      <CreateInvites open={creating} onClose={() => setCreating(false)} onMade={setMade} />
      <NewInvites invites={made} onClose={() => setMade([])} />
    </Page>
  )
}
