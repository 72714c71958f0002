// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Checkbox, Flex, Form, Input, InputNumber, Select, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'

import { namePattern } from './names'

const protocols = ['http', 'tcp', 'udp', 'ws'] as const

/** NewClient is what the wizard makes a configuration of. */
export type NewClient = { name: string; service?: Schema<'ClientService'> }

type Values = NewClient & { offers?: boolean }

/** AddName asks for the new client's name, and what it shall offer first, if anything. */
export function AddName({
  client,
  onBack,
  onNext,
}: {
  client: NewClient
  onBack: () => void
  onNext: (client: NewClient) => void
}) {
  const { t } = useTranslation('tunnels')
  const [form] = Form.useForm<Values>()
  const name = Form.useWatch('name', form) ?? ''
  const offers = Form.useWatch('offers', form)
  const search = namePattern.test(name) ? name : ''
  const same = api.useQuery('get', '/clients', { params: { query: { search } } }, { enabled: search !== '' })
  const known = same.data?.items?.find((c) => c.name === name)
  const required = { required: true, message: t('required') }
  const rule = { pattern: namePattern, message: t('name_rule') }
  return (
    <>
      <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
        {t('add.name_title')}
      </Typography.Title>
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          name: client.name,
          offers: client.service !== undefined,
          service: {
            id: 'web',
            protocol: 'http',
            local_host: 'localhost',
            local_port: 8080,
            ...client.service,
          },
        }}
        onFinish={(v) => onNext({ name: v.name, service: v.offers ? v.service : undefined })}
        style={{ maxWidth: 480 }}
      >
        <Form.Item
          name="name"
          label={t('add.name')}
          extra={known ? t(known.status === 'online' ? 'add.name_online' : 'add.name_known') : t('name_rule')}
          rules={[required, rule]}
          validateTrigger="onBlur"
        >
          <Input autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={63} />
        </Form.Item>
        <Form.Item name="offers" valuePropName="checked" extra={t('add.offers_text')}>
          <Checkbox>{t('add.offers')}</Checkbox>
        </Form.Item>
        {offers && (
          <>
            <Form.Item name={['service', 'id']} label={t('add.service_id')} rules={[required, rule]}>
              <Input autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={63} />
            </Form.Item>
            <Form.Item name={['service', 'protocol']} label={t('services.protocol')}>
              <Select options={protocols.map((value) => ({ value, label: t(`add.protocols.${value}`) }))} />
            </Form.Item>
            <Form.Item
              name={['service', 'local_host']}
              label={t('add.host')}
              extra={t('add.host_text')}
              rules={[required, { pattern: /^[A-Za-z0-9._:-]+$/, message: t('add.host_rule') }]}
            >
              <Input autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={253} />
            </Form.Item>
            <Form.Item name={['service', 'local_port']} label={t('add.port')} rules={[required]}>
              <InputNumber min={1} max={65_535} precision={0} />
            </Form.Item>
          </>
        )}
        <Flex gap="small">
          <Button onClick={onBack}>{t('add.back')}</Button>
          <Button type="primary" htmlType="submit">
            {t('add.next')}
          </Button>
        </Flex>
      </Form>
    </>
  )
}
