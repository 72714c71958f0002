// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Form, Input, Radio, Select, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { Command } from '@/components/command'

import { expiresAt, expiries, today, type Expiry } from './expiry'
import { NewTokenModal } from './new-token-modal'

type Values = { name: string; scope: 'read' | 'manage'; expiry: Expiry; expires_at?: string }

/** NewApiToken makes a token for programs, and shows a call that works with it. */
export function NewApiToken({
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
  const expiry = Form.useWatch('expiry', form)
  const [token, setToken] = useState<string>()
  const { mutateAsync } = api.useMutation('post', '/tokens/api')
  const site = api.useQuery('get', '/site').data
  const run = async ({ name, scope, expiry: choice, expires_at: date }: Values) => {
    const body = { name: name.trim(), scope, expires_at: expiresAt(choice, date) }
    setToken((await mutateAsync({ body })).token)
    onMade()
  }
  const close = () => {
    setToken(undefined)
    onClose()
  }
  return (
    <NewTokenModal
      form={form}
      open={open}
      title={t('api.create')}
      what={t('api.one')}
      initial={{ scope: 'read', expiry: '90' }}
      run={run}
      token={token}
      onClose={close}
      usage={
        <>
          <Typography.Text>{t('api.try')}</Typography.Text>
          <Command
            what={t('tokens.command')}
            text={`curl -H 'Authorization: Bearer ${token}' ${site?.url ?? location.origin}/api/v1/endpoints`}
          />
        </>
      }
    >
      <Form.Item
        name="name"
        label={t('tokens.name')}
        extra={t('tokens.name_hint')}
        rules={[{ required: true, whitespace: true }]}
      >
        <Input maxLength={100} autoComplete="off" />
      </Form.Item>
      <Form.Item name="scope" label={t('api.scope')}>
        <Radio.Group
          orientation="vertical"
          options={(['read', 'manage'] as const).map((value) => ({
            value,
            label: t(`api.scope_${value}_long`),
          }))}
        />
      </Form.Item>
      <Form.Item name="expiry" label={t('api.expires')}>
        <Select options={expiries.map((value) => ({ value, label: t(`api.expiry.${value}`) }))} />
      </Form.Item>
      {expiry === 'date' && (
        <Form.Item name="expires_at" label={t('api.last_day')} rules={[{ required: true }]}>
          <Input type="date" min={today()} />
        </Form.Item>
      )}
    </NewTokenModal>
  )
}
