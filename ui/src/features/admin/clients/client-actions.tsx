// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

/** ClientActions part from a client, for now or for good. */
export function ClientActions({ client: { owner_id: owner, name, status } }: { client: Schema<'Client'> }) {
  const { t } = useTranslation('admin')
  const client = useQueryClient()
  const fail = useFail()
  const then = { onError: fail, onSettled: () => invalidate(client, '/admin/clients', '/admin/sessions') }
  const kick = api.useMutation('post', '/admin/clients/{owner}/{name}/kick', then)
  const revoke = api.useMutation('delete', '/admin/clients/{owner}/{name}', then)
  const params = { params: { path: { owner, name } } }
  return (
    <Flex gap="small">
      {status === 'online' && (
        <Popconfirm
          title={t('clients.kick_title', { name })}
          description={t('clients.kick_text')}
          okText={t('clients.kick')}
          onConfirm={() => kick.mutate(params)}
        >
          <Button size="small" loading={kick.isPending} aria-label={t('clients.kick_title', { name })}>
            {t('clients.kick')}
          </Button>
        </Popconfirm>
      )}
      <Popconfirm
        title={t('clients.revoke_title', { name })}
        description={t('clients.revoke_text')}
        okText={t('clients.revoke')}
        onConfirm={() => revoke.mutate(params)}
      >
        <Button
          size="small"
          danger
          loading={revoke.isPending}
          aria-label={t('clients.revoke_title', { name })}
        >
          {t('clients.revoke')}
        </Button>
      </Popconfirm>
    </Flex>
  )
}
