// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

/** EndSession ends one session. Its visitor may begin another one. */
export function EndSession({ session, every }: { session: Schema<'Session'>; every?: boolean }) {
  const { t } = useTranslation('tunnels')
  const client = useQueryClient()
  const fail = useFail()
  const then = {
    onError: fail,
    onSettled: () => invalidate(client, '/sessions', '/session-log', '/admin/sessions', '/clients'),
  }
  const own = api.useMutation('delete', '/sessions/{id}', then)
  const any = api.useMutation('delete', '/admin/sessions/{id}', then)
  const end = () => (every ? any : own).mutate({ params: { path: { id: session.id } } })
  return (
    <Popconfirm
      title={t('sessions.end_title')}
      description={t('sessions.end_text')}
      okText={t('sessions.end')}
      onConfirm={end}
    >
      <Button
        size="small"
        aria-label={t('sessions.end_of', { visitor: session.visitor, service: session.service })}
      >
        {t('sessions.end')}
      </Button>
    </Popconfirm>
  )
}
