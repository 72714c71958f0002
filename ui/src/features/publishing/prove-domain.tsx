// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Flex, Form, Input, Typography, type FormInstance } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { asApiError } from '@/api/error'
import { invalidate } from '@/api/query'
import { ErrorAlert } from '@/components/errors'
import { useSubmit } from '@/components/use-submit'

import { domainOf, exampleDomain } from './hosts'
import { ProofRecord } from './proof-record'

export type Values = { name: string }

/** ProveDomain shows the record that is to be, and has the gateway look for it. */
export function ProveDomain({
  form,
  onProven,
}: {
  form: FormInstance<Values>
  onProven: (name: string) => void
}) {
  const { t } = useTranslation('publishing')
  const client = useQueryClient()
  const name = domainOf(Form.useWatch('name', form) ?? '')
  const [found, setFound] = useState<string>()
  const prove = api.useMutation('post', '/domains')
  const { submit, busy, error } = useSubmit(form, async (values) => {
    setFound(undefined)
    try {
      const domain = await prove.mutateAsync({ body: { name: domainOf(values.name) } })
      await invalidate(client, '/domains', '/published')
      onProven(domain.name)
    } catch (e) {
      const { code, details } = asApiError(e)
      if (code !== 'not_proven') throw e
      setFound(String(details.found))
    }
  })
  const validate = (_: unknown, text = '') =>
    domainOf(text) ? Promise.resolve() : Promise.reject(new Error(t('domains.name_rule')))
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      preserve={false}
      onFinish={(values) => void submit(values)}
      onValuesChange={() => setFound(undefined)}
    >
      <Form.Item
        name="name"
        label={t('domains.name')}
        extra={t('domains.name_text')}
        rules={[{ validator: validate }]}
        validateTrigger="onSubmit"
      >
        <Input
          className="mono"
          placeholder={exampleDomain}
          maxLength={253}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      </Form.Item>
      <Flex vertical gap="middle">
        <Typography.Text>{t('domains.record')}</Typography.Text>
        <ProofRecord name={name} />
        {found !== undefined && (
          <Alert
            type="warning"
            showIcon
            role="alert"
            title={t(`domains.found.${foundKey(found)}`, { found })}
            description={t('domains.wait')}
          />
        )}
        {error !== undefined && <ErrorAlert error={error} />}
        <Flex>
          <Button type="primary" htmlType="submit" loading={busy}>
            {t('domains.check')}
          </Button>
        </Flex>
      </Flex>
    </Form>
  )
}

/** What the gateway can have found instead of the record, with the keys of their texts. */
const findings = {
  'there is none': 'none',
  'it has other values': 'other',
  'DNS did not answer': 'silent',
} as const

const foundKey = (found: string) =>
  Object.hasOwn(findings, found) ? findings[found as keyof typeof findings] : 'unknown'
