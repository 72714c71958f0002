// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { CheckCircleOutlined, ClockCircleOutlined, MailOutlined, StopOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Popconfirm, Tag, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { Time } from '@/components/time'
import { useFail } from '@/components/use-fail'

type Invite = Schema<'Invite'>

const looks = {
  unused: { color: 'success', icon: <MailOutlined aria-hidden /> },
  used: { color: 'default', icon: <CheckCircleOutlined aria-hidden /> },
  expired: { color: 'default', icon: <ClockCircleOutlined aria-hidden /> },
  revoked: { color: 'error', icon: <StopOutlined aria-hidden /> },
} as const

/** useInviteColumns returns the columns of the list of invites. */
export function useInviteColumns(): TableProps<Invite>['columns'] {
  const { t } = useTranslation('admin')
  return [
    {
      title: t('invites.state'),
      dataIndex: 'state',
      render: (s: Invite['state']) => <Tag {...looks[s]}>{t(`invites.states.${s}`)}</Tag>,
    },
    { title: t('note'), dataIndex: 'note', render: (note: string) => note || '–' },
    { title: t('created'), dataIndex: 'created_at', render: (at: string) => <Time at={at} /> },
    {
      title: t('expires'),
      dataIndex: 'expires_at',
      render: (at?: string) => <Time at={at} none={t('expiry.never')} />,
    },
    { title: t('invites.used_by'), dataIndex: 'used_by', render: (name?: string) => name ?? '–' },
    {
      title: t('invites.ended'),
      key: 'ended',
      render: (_, i) => <Time at={i.used_at ?? i.revoked_at} />,
    },
    { title: t('actions'), key: 'actions', render: (_, i) => i.state === 'unused' && <Revoke invite={i} /> },
  ]
}

function Revoke({ invite }: { invite: Invite }) {
  const { t } = useTranslation('admin')
  const client = useQueryClient()
  const fail = useFail()
  const revoke = api.useMutation('delete', '/admin/invites/{id}', {
    onError: fail,
    onSettled: () => invalidate(client, '/admin/invites'),
  })
  return (
    <Popconfirm
      title={t('invites.revoke_title')}
      description={t('invites.revoke_text')}
      okText={t('invites.revoke')}
      onConfirm={() => revoke.mutate({ params: { path: { id: invite.id } } })}
    >
      <Button size="small" danger loading={revoke.isPending}>
        {t('invites.revoke')}
      </Button>
    </Popconfirm>
  )
}
