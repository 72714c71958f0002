// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { Alert, App, Button, Flex, Form, Input, Radio, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { ErrorAlert } from '@/components/errors'
import { problemOf } from '@/components/password'
import { useSubmit } from '@/components/use-submit'

import { addressesOf, bodyOf, valuesOf, type Values } from './access-values'
import { isWebsite, useSetAccess, type Publication, type Which } from './which'

const modes = ['open', 'password', 'login'] as const

/** AccessForm says who may come to a name. What others change meanwhile is shown unless something is being changed here. */
export function AccessForm({ which, publication: p }: { which: Which; publication: Publication }) {
  const { t } = useTranslation(['publishing', 'common'])
  const { message } = App.useApp()
  const [form] = Form.useForm<Values>()
  const mode = Form.useWatch('mode', form) ?? p.access.mode
  const [touched, setTouched] = useState(false)
  const set = useSetAccess(which)
  const website = isWebsite(p)
  const { submit, busy, error } = useSubmit(form, async (values) => {
    await set(bodyOf(values))
    setTouched(false)
    message.success(t('access.saved', { name: p.name }))
  })
  // As a text, since what is polled is another object each time.
  const saved = JSON.stringify(valuesOf(p.access))
  useEffect(() => {
    if (!touched) form.setFieldsValue(JSON.parse(saved) as Values)
  }, [form, saved, touched])
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={valuesOf(p.access)}
      onValuesChange={() => setTouched(true)}
      onFinish={(values) => void submit(values)}
      style={{ maxWidth: 560 }}
    >
      {website ? (
        <Form.Item name="mode" label={t('access.mode')}>
          <Radio.Group
            orientation="vertical"
            options={modes.map((value) => ({ value, label: t(`access.modes.${value}`) }))}
          />
        </Form.Item>
      ) : (
        <Alert type="info" showIcon title={t('access.port')} style={{ marginBlockEnd: 16 }} />
      )}
      {website && mode === 'password' && <Password isSet={p.access.has_password} />}
      {website && mode === 'login' && (
        <Form.Item name="visitors" label={t('access.visitors')} extra={t('access.visitors_text')}>
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ']} maxCount={100} />
        </Form.Item>
      )}
      <Addresses name="allow" />
      <Addresses name="deny" />
      {error !== undefined && <ErrorAlert error={error} />}
      <Flex vertical gap="small" align="flex-start" style={{ marginBlockStart: 16 }}>
        <Alert type="warning" showIcon title={t(website ? 'access.cuts' : 'access.cuts_port')} />
        <Flex gap="small">
          <Button type="primary" htmlType="submit" loading={busy}>
            {t('common:save')}
          </Button>
          <Button
            disabled={!touched}
            onClick={() => {
              form.resetFields()
              form.setFieldsValue(valuesOf(p.access))
              setTouched(false)
            }}
          >
            {t('common:cancel')}
          </Button>
        </Flex>
      </Flex>
    </Form>
  )
}

/** Password asks for another password, or the first one. It is told to many, so it need not be as hard to guess as an account's. */
function Password({ isSet }: { isSet: boolean }) {
  const { t } = useTranslation(['publishing', 'common'])
  const validate = (_: unknown, password = '') => {
    if (!password) return isSet ? Promise.resolve() : Promise.reject(new Error(t('access.password_needed')))
    const problem = problemOf(password)
    return problem ? Promise.reject(new Error(t(`common:password.${problem}`))) : Promise.resolve()
  }
  return (
    <Form.Item
      name="password"
      label={t('access.password')}
      extra={t(isSet ? 'access.password_set' : 'access.password_text')}
      rules={[{ validator: validate }]}
      validateTrigger="onBlur"
    >
      <Input.Password autoComplete="new-password" />
    </Form.Item>
  )
}

/** Addresses are written one in a line. What is none the gateway says, and here it says which. */
function Addresses({ name }: { name: 'allow' | 'deny' }) {
  const { t } = useTranslation('publishing')
  const validate = (_: unknown, text = '') => {
    const wrong = addressesOf(text).find((a) => !/^[\da-f.:]+(\/\d{1,3})?$/i.test(a))
    return wrong ? Promise.reject(new Error(t('access.no_address', { text: wrong }))) : Promise.resolve()
  }
  return (
    <Form.Item
      name={name}
      label={t(`access.${name}`)}
      extra={t(`access.${name}_text`)}
      rules={[{ validator: validate }]}
      validateTrigger="onBlur"
    >
      <Input.TextArea
        className="mono"
        rows={3}
        placeholder="192.0.2.0/24"
        autoComplete="off"
        spellCheck={false}
      />
    </Form.Item>
  )
}
