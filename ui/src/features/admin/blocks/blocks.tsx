// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { PlusOutlined } from '@ant-design/icons'
import { Button, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Time } from '@/components/time'

import { ListTable } from '../list-table'
import { AddBlock } from './add-block'
import { RemoveBlock } from './remove-block'

const isOver = (b: Schema<'Block'>) => Boolean(b.expires_at) && Date.parse(b.expires_at!) < Date.now()

/** BlocksScreen keeps addresses out of everything. */
export function BlocksScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const [adding, setAdding] = useState(false)
  const [hidden, setHidden] = useState<readonly number[]>([])
  const query = api.useQuery('get', '/admin/blocks')
  const rows = (query.data?.items ?? []).filter((b) => !hidden.includes(b.id))
  const undo = {
    hide: (id: number) => setHidden((old) => [...old, id]),
    restore: (id: number) => setHidden((old) => old.filter((other) => other !== id)),
  }
  return (
    <Page
      title={t('common:nav.admin_blocks')}
      intro={t('blocks.intro')}
      actions={
        <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>
          {t('blocks.add')}
        </Button>
      }
    >
      <ListTable
        query={query}
        rows={rows}
        rowKey="id"
        label={t('common:nav.admin_blocks')}
        empty={<EmptyState title={t('blocks.empty')} text={t('blocks.empty_text')} />}
        columns={[
          { title: t('blocks.prefix'), dataIndex: 'prefix', className: 'mono' },
          { title: t('note'), dataIndex: 'note', render: (note: string) => note || '–' },
          { title: t('created'), dataIndex: 'created_at', render: (at: string) => <Time at={at} /> },
          {
            title: t('expires'),
            key: 'expires',
            render: (_, b) => (
              <>
                <Time at={b.expires_at} none={t('expiry.never')} />{' '}
                {isOver(b) && <Tag>{t('blocks.over')}</Tag>}
              </>
            ),
          },
          { title: t('actions'), key: 'actions', render: (_, b) => <RemoveBlock block={b} {...undo} /> },
        ]}
      />
      <AddBlock open={adding} onClose={() => setAdding(false)} />
    </Page>
  )
}
