// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Flex, Form, Input, Select, Switch } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch, type Schema } from '@/api/client'
import { asApiError } from '@/api/error'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { useFail } from '@/components/use-fail'

import { LimitFields } from './limit-fields'
import { at, byId, endpointKey, type Endpoint, type PartProps } from './scope'
import { Title } from './title'

type Values = Required<Schema<'EndpointChanges'>>

const valuesOf = ({ name, settings }: Endpoint): Values => ({ name, ...settings })
const changedMeanwhile = 412

/**
 * SettingsForm changes an endpoint's name and limits. What is typed is based on
 * one version: if there is a newer one by then, the form shows it, and nothing
 * was changed.
 */
export function SettingsForm({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const client = useQueryClient()
  const { message } = App.useApp()
  const [form] = Form.useForm<Values>()
  const fail = useFail()
  const [base, setBase] = useState(endpoint)
  const [touched, setTouched] = useState(false)
  const patch = api.useMutation('patch', at(scope, '/endpoints/{id}'))
  if (!touched && endpoint.version > base.version) setBase(endpoint)
  useEffect(() => form.setFieldsValue(valuesOf(base)), [form, base])
  const save = async (body: Values) => {
    const init = { params: { ...byId(base.id).params, header: ifMatch(base.version) }, body }
    try {
      const changed = await patch.mutateAsync(init)
      client.setQueryData(endpointKey(scope, base.id), changed)
      setBase(changed)
      setTouched(false)
      message.success(t('settings.saved'))
    } catch (error) {
      if (asApiError(error).status === changedMeanwhile) setTouched(false)
      if (!setFieldErrors(form, error)) fail(error)
    }
    await invalidate(client, '/endpoints', '/admin/endpoints')
  }
  return (
    <Card size="small">
      <Title>{t('settings.title')}</Title>
      <Form<Values>
        form={form}
        layout="vertical"
        initialValues={valuesOf(base)}
        onValuesChange={() => setTouched(true)}
        onFinish={(v) => void save(v)}
      >
        <Form.Item name="name" label={t('settings.name')}>
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name="origins" label={t('settings.origins')} extra={t('settings.origins_extra')}>
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ']} />
        </Form.Item>
        <Form.Item
          name="compression"
          label={t('settings.compression')}
          extra={t('settings.compression_extra')}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
        <LimitFields />
        <Flex gap="small">
          <Button type="primary" htmlType="submit" loading={patch.isPending}>
            {t('common:save')}
          </Button>
          <Button
            onClick={() => {
              form.setFieldsValue(valuesOf(base))
              setTouched(false)
            }}
          >
            {t('common:cancel')}
          </Button>
        </Flex>
      </Form>
    </Card>
  )
}
