// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import type { Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

import { useKick, useRevoke, type Which } from './which'

/** ClientActions disconnect a client for now, or for good. */
export function ClientActions({
  which,
  client,
  home,
  onLeaving,
}: {
  which: Which
  client: Schema<'Client'>
  home: string
  /** hears whether its token is being revoked, after which nobody may ask for it */
  onLeaving: (leaving: boolean) => void
}) {
  const { t } = useTranslation('tunnels')
  const cache = useQueryClient()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const fail = useFail()
  const refresh = () =>
    invalidate(
      cache,
      '/clients',
      '/services',
      '/sessions',
      '/tokens/client',
      '/admin/clients',
      '/admin/sessions',
    )
  const disconnect = useKick(which, {
    onSuccess: () => message.success(t('client.kicked', { name: client.name })),
    onError: fail,
    onSettled: refresh,
  })
  const remove = useRevoke(which, {
    onMutate: () => onLeaving(true),
    onSuccess: async () => {
      message.success(t('client.revoked', { name: client.name }))
      await navigate(home)
      await refresh()
    },
    onError: (error) => {
      onLeaving(false)
      fail(error)
    },
  })
  return (
    <>
      <Popconfirm
        title={t('client.kick_title')}
        description={<Hint text={t('client.kick_text')} />}
        okText={t('client.kick')}
        onConfirm={disconnect}
      >
        <Button disabled={client.status === 'offline'}>{t('client.kick')}</Button>
      </Popconfirm>
      <Popconfirm
        title={t('client.revoke_title')}
        description={<Hint text={t('client.revoke_text')} />}
        okText={t('client.revoke')}
        okButtonProps={{ danger: true }}
        onConfirm={remove}
      >
        <Button danger>{t('client.revoke')}</Button>
      </Popconfirm>
    </>
  )
}

function Hint({ text }: { text: string }) {
  return <Typography.Paragraph style={{ maxWidth: 320, margin: 0 }}>{text}</Typography.Paragraph>
}
