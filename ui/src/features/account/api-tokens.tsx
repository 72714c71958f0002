// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'
import { useFail } from '@/components/use-fail'

import { NewApiToken } from './new-api-token'
import { Revoke } from './revoke'

type Token = Schema<'APIToken'>

/** ApiTokens are for programs that use the API. */
export function ApiTokens() {
  const { t } = useTranslation('account')
  const client = useQueryClient()
  const fail = useFail()
  const [adding, setAdding] = useState(false)
  const tokens = api.useQuery('get', '/tokens/api')
  const refresh = () => void invalidate(client, '/tokens/api')
  const revoke = api.useMutation('delete', '/tokens/api/{id}', { onSuccess: refresh, onError: fail })

  if (tokens.error) return <ErrorAlert error={tokens.error} onRetry={() => void tokens.refetch()} />
  if (!tokens.data) return <ScreenSkeleton />
  const add = (
    <Button type="primary" onClick={() => setAdding(true)}>
      {t('api.create')}
    </Button>
  )
  const items = tokens.data.items ?? []
  return (
    <Part title={t('tabs.api-tokens')} intro={t('api.intro')} actions={items.length > 0 && add}>
      {items.length === 0 ? (
        <EmptyState title={t('api.empty')} action={add} />
      ) : (
        <Table<Token>
          aria-label={t('tabs.api-tokens')}
          rowKey="id"
          dataSource={items}
          pagination={false}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('tokens.name'), dataIndex: 'name' },
            { title: t('api.scope'), render: (_, k) => t(`api.scope_${k.scope}`) },
            { title: t('tokens.created'), render: (_, k) => <Time at={k.created_at} /> },
            {
              title: t('tokens.used'),
              render: (_, k) => <Time at={k.last_used_at} none={t('tokens.not_used')} />,
            },
            {
              title: t('api.expires'),
              render: (_, k) => <Time at={k.expires_at} none={t('api.expires_never')} />,
            },
            {
              title: <span className="sr-only">{t('actions')}</span>,
              align: 'end',
              render: (_, k) => (
                <Revoke name={k.name} onConfirm={() => revoke.mutate({ params: { path: { id: k.id } } })} />
              ),
            },
          ]}
        />
      )}
      <NewApiToken open={adding} onClose={() => setAdding(false)} onMade={refresh} />
    </Part>
  )
}
