// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Popconfirm, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { sessionChanged } from '@/app/session'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { Time } from '@/components/time'
import { useFail } from '@/components/use-fail'

import { Device } from './device'

type Login = Schema<'Login'>

/** LogIns shows where one is logged in, and ends it. */
export function LogIns() {
  const { t } = useTranslation('account')
  const client = useQueryClient()
  const fail = useFail()
  const logins = api.useQuery('get', '/auth/sessions')
  const end = api.useMutation('delete', '/auth/sessions/{id}', { onError: fail })
  const endAll = api.useMutation('post', '/auth/logout-everywhere', { onError: fail })
  const after = (here: boolean) => void (here ? sessionChanged(client) : invalidate(client, '/auth/sessions'))
  const endOne = ({ id, current }: Login) =>
    end.mutate({ params: { path: { id } } }, { onSuccess: () => after(current) })
  const everywhere = (here: boolean) =>
    endAll.mutate({ body: { keep_this: !here } }, { onSuccess: () => after(here) })

  if (logins.error) return <ErrorAlert error={logins.error} onRetry={() => void logins.refetch()} />
  const actions = (
    <>
      <Popconfirm
        title={t('logins.else_sure')}
        okText={t('logins.end_ok')}
        onConfirm={() => everywhere(false)}
      >
        <Button>{t('logins.end_else')}</Button>
      </Popconfirm>
      <Popconfirm title={t('logins.all_sure')} okText={t('logins.end_ok')} onConfirm={() => everywhere(true)}>
        <Button danger>{t('logins.end_all')}</Button>
      </Popconfirm>
    </>
  )
  return (
    <Part title={t('tabs.logins')} intro={t('logins.intro')} actions={actions}>
      <Table<Login>
        aria-label={t('tabs.logins')}
        rowKey="id"
        loading={logins.isPending}
        dataSource={logins.data?.items ?? []}
        pagination={false}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('logins.device'), render: (_, l) => <Device agent={l.agent} current={l.current} /> },
          { title: t('logins.address'), dataIndex: 'address' },
          { title: t('logins.since'), render: (_, l) => <Time at={l.created_at} /> },
          { title: t('logins.seen'), render: (_, l) => <Time at={l.last_seen_at} /> },
          { title: t('logins.until'), render: (_, l) => <Time at={l.expires_at} /> },
          {
            title: <span className="sr-only">{t('actions')}</span>,
            align: 'end',
            render: (_, l) => (
              <Popconfirm
                title={t(l.current ? 'logins.this_sure' : 'logins.one_sure')}
                okText={t('logins.end_ok')}
                onConfirm={() => endOne(l)}
              >
                <Button size="small">{t('logins.end')}</Button>
              </Popconfirm>
            ),
          },
        ]}
      />
    </Part>
  )
}
