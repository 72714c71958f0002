// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

/** DropDomain gives a domain up; `every`: takes anybody's away, for administrators. */
export function DropDomain({ name, every = false }: { name: string; every?: boolean }) {
  const { t } = useTranslation(['publishing', 'common'])
  const client = useQueryClient()
  const { message } = App.useApp()
  const fail = useFail()
  const then = {
    onSuccess: () => message.success(t('domains.dropped', { name })),
    onError: fail,
    onSettled: () => invalidate(client, '/domains', '/admin/domains', '/published', '/admin/published'),
  }
  const own = api.useMutation('delete', '/domains/{name}', then)
  const any = api.useMutation('delete', '/admin/domains/{name}', then)
  const drop = every ? any : own
  return (
    <Popconfirm
      title={t('domains.drop_title', { name })}
      description={<div style={{ maxWidth: 320 }}>{t('domains.drop_text')}</div>}
      okText={t('common:delete')}
      okButtonProps={{ danger: true }}
      onConfirm={() => drop.mutate({ params: { path: { name } } })}
    >
      <Button size="small" danger loading={drop.isPending} aria-label={t('domains.drop', { name })}>
        {t('common:delete')}
      </Button>
    </Popconfirm>
  )
}
