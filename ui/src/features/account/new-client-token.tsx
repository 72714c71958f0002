// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Form, Input, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { Command } from '@/components/command'

import { NewTokenModal } from './new-token-modal'

type Values = { name?: string; client?: string }

/** The token comes from standard input and then from a file: other users see arguments, and shells remember. */
const keep = '(umask 077; cat > token)'
const use = (server: string, client: string) =>
  `export CULVERT_TOKEN="$(cat token)"\ntunnelclient list --server ${server}${client && ` --client ${client}`}`

/** NewClientToken makes a token for tunnelclient, and says how it is used. */
export function NewClientToken({
  open,
  onClose,
  onMade,
}: {
  open: boolean
  onClose: () => void
  onMade: () => void
}) {
  const { t } = useTranslation('account')
  const [form] = Form.useForm<Values>()
  const [made, setMade] = useState<{ token: string; client?: string }>()
  const { mutateAsync } = api.useMutation('post', '/tokens/client')
  const site = api.useQuery('get', '/site').data
  const run = async ({ name, client }: Values) => {
    const body = { name: name?.trim() || undefined, client: client?.trim() || undefined }
    setMade(await mutateAsync({ body }))
    onMade()
  }
  const close = () => {
    setMade(undefined)
    onClose()
  }
  return (
    <NewTokenModal
      form={form}
      open={open}
      title={t('client.create')}
      what={t('client.one')}
      run={run}
      token={made?.token}
      onClose={close}
      usage={
        <>
          <Typography.Text>{t('client.keep')}</Typography.Text>
          <Command what={t('tokens.command')} text={keep} />
          <Typography.Text>{t('client.use')}</Typography.Text>
          <Command what={t('tokens.command')} text={use(site?.url ?? location.origin, made?.client ?? '')} />
        </>
      }
    >
      <Form.Item name="name" label={t('tokens.name')} extra={t('tokens.name_hint')}>
        <Input maxLength={100} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="client"
        label={t('client.bound')}
        extra={t('client.bound_hint')}
        validateTrigger="onBlur"
        rules={[{ pattern: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/, message: t('client.bound_rule') }]}
      >
        <Input maxLength={63} autoComplete="off" autoCapitalize="none" spellCheck={false} />
      </Form.Item>
    </NewTokenModal>
  )
}
