// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Flex, Popconfirm, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { CopyButton } from '@/components/copy-button'
import { Part } from '@/components/part'
import { useFail } from '@/components/use-fail'

import { useForgetKey, type Which } from './which'

/** ClientKey is the fingerprint of the key that a client's name is bound to, for people to compare. */
export function ClientKey({ which, client }: { which: Which; client: Schema<'Client'> }) {
  const { t } = useTranslation('tunnels')
  const cache = useQueryClient()
  const { message } = App.useApp()
  const fail = useFail()
  const forget = useForgetKey(which, {
    onSuccess: () => message.success(t('client.key_forgotten', { name: client.name })),
    onError: fail,
    onSettled: () => invalidate(cache, '/clients', '/admin/clients'),
  })
  if (!client.fingerprint) return <Part title={t('client.key')} intro={t('client.no_key')} children={null} />
  return (
    <Part title={t('client.key')} intro={t('client.key_text')}>
      <Flex gap="small" align="center" wrap>
        <Typography.Text className="mono" style={{ wordBreak: 'break-all' }}>
          {client.fingerprint}
        </Typography.Text>
        <CopyButton text={client.fingerprint} what={t('client.fingerprint')} />
        <Popconfirm
          title={t('client.forget_title')}
          description={
            <Typography.Paragraph style={{ maxWidth: 320, margin: 0 }}>
              {t('client.forget_text')}
            </Typography.Paragraph>
          }
          okText={t('client.forget')}
          okButtonProps={{ danger: true }}
          onConfirm={forget}
        >
          <Button danger>{t('client.forget')}</Button>
        </Popconfirm>
      </Flex>
    </Part>
  )
}
