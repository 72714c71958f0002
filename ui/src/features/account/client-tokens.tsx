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

import { NewClientToken } from './new-client-token'
import { Revoke } from './revoke'

type Token = Schema<'ClientToken'>

/** ClientTokens are for tunnelclient, where nobody can log in with a browser. */
export function ClientTokens() {
  const { t } = useTranslation('account')
  const client = useQueryClient()
  const fail = useFail()
  const [adding, setAdding] = useState(false)
  const tokens = api.useQuery('get', '/tokens/client')
  const refresh = () => void invalidate(client, '/tokens/client')
  const revoke = api.useMutation('delete', '/tokens/client/{id}', { onSuccess: refresh, onError: fail })

  if (tokens.error) return <ErrorAlert error={tokens.error} onRetry={() => void tokens.refetch()} />
  if (!tokens.data) return <ScreenSkeleton />
  const add = (
    <Button type="primary" onClick={() => setAdding(true)}>
      {t('client.create')}
    </Button>
  )
  const items = tokens.data.items ?? []
  return (
    <Part title={t('tabs.client-tokens')} intro={t('client.intro')} actions={items.length > 0 && add}>
      {items.length === 0 ? (
        <EmptyState title={t('client.empty')} action={add} />
      ) : (
        <Table<Token>
          aria-label={t('tabs.client-tokens')}
          rowKey="id"
          dataSource={items}
          pagination={false}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('tokens.name'), render: (_, k) => k.name || t('client.unnamed') },
            { title: t('client.bound'), render: (_, k) => k.client || t('client.any') },
            { title: t('tokens.created'), render: (_, k) => <Time at={k.created_at} /> },
            {
              title: t('tokens.used'),
              render: (_, k) => <Time at={k.last_used_at} none={t('tokens.not_used')} />,
            },
            {
              title: <span className="sr-only">{t('actions')}</span>,
              align: 'end',
              render: (_, k) => (
                <Revoke
                  name={k.name || k.client || t('client.unnamed')}
                  onConfirm={() => revoke.mutate({ params: { path: { id: k.id } } })}
                />
              ),
            },
          ]}
        />
      )}
      <NewClientToken open={adding} onClose={() => setAdding(false)} onMade={refresh} />
    </Part>
  )
}
