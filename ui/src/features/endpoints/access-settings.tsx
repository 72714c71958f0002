// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Card, Flex, Popconfirm, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { invalidate } from '@/api/query'
import { SecretModal } from '@/components/secret'
import { useFail } from '@/components/use-fail'

import { hide, restore } from './hidden'
import { at, byId, pageOf, type PartProps } from './scope'
import { Title } from './title'
import type { Arrival } from './use-create'

/** AccessSettings decide who may connect: who knows the URL, or who has a key too. Each change of them ends connections. */
export function AccessSettings({ endpoint, scope }: PartProps) {
  const { t } = useTranslation('endpoints')
  const client = useQueryClient()
  const navigate = useNavigate()
  const fail = useFail()
  const [key, setKey] = useState<string>()
  const makeKey = api.useMutation('post', at(scope, '/endpoints/{id}/key'))
  const makePublic = api.useMutation('delete', at(scope, '/endpoints/{id}/key'))
  const rotate = api.useMutation('post', at(scope, '/endpoints/{id}/rotate'))
  const init = byId(endpoint.id)
  const changed = () => invalidate(client, '/endpoints', '/admin/endpoints')
  const newKey = () =>
    makeKey
      .mutateAsync(init)
      .then((made) => setKey(made.key))
      .then(changed)
      .catch(fail)
  const newId = async () => {
    hide(endpoint.id) // from now on nothing asks for the old id, which is gone any moment
    try {
      const e = await rotate.mutateAsync(init)
      await navigate(pageOf(scope, e.id), { replace: true, state: { created: true } satisfies Arrival })
      await changed()
    } catch (error) {
      restore(endpoint.id)
      fail(error)
    }
  }
  return (
    <Card size="small">
      <Title>{t('access.title')}</Title>
      <Typography.Paragraph type="secondary">
        {endpoint.private ? t('access.is_private') : t('access.is_public')}
      </Typography.Paragraph>
      <Flex gap="small" wrap>
        <Confirmed
          title={endpoint.private ? t('access.new_key') : t('access.make_private')}
          text={t('access.new_key_text')}
          onConfirm={newKey}
        />
        {endpoint.private && (
          <Confirmed
            title={t('access.make_public')}
            text={t('access.make_public_text')}
            onConfirm={() => makePublic.mutateAsync(init).then(changed).catch(fail)}
          />
        )}
        <Confirmed title={t('access.rotate')} text={t('access.rotate_text')} onConfirm={newId} />
      </Flex>
      <SecretModal text={key} what={t('key.what')} onClose={() => setKey(undefined)} />
    </Card>
  )
}

function Confirmed({
  title,
  text,
  onConfirm,
}: {
  title: string
  text: string
  onConfirm: () => Promise<unknown>
}) {
  return (
    <Popconfirm
      title={title}
      description={<div style={{ maxWidth: 320 }}>{text}</div>}
      okText={title}
      onConfirm={onConfirm}
    >
      <Button>{title}</Button>
    </Popconfirm>
  )
}
