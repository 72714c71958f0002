// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

import { problemOf, strengthOf } from './password'

/**
 * NewPassword is the field of a form for a password that is to be: its rules
 * are the gateway's. personal are the fields that it must not be made of.
 */
export function NewPassword({
  name,
  label,
  personal = [],
}: {
  name: string
  label: string
  personal?: (string | { text: string })[]
}) {
  const { t } = useTranslation()
  const form = Form.useFormInstance<Record<string, string>>()
  const value = Form.useWatch(name, form) ?? ''
  const validate = (_: unknown, password = '') => {
    const known = personal.map(
      (p) => (typeof p === 'string' ? form.getFieldValue(p) : p.text) as string | undefined,
    )
    const problem = password ? problemOf(password, known) : undefined
    return problem ? Promise.reject(new Error(t(`password.${problem}`))) : Promise.resolve()
  }
  return (
    <Form.Item
      name={name}
      label={label}
      validateTrigger="onBlur"
      rules={[{ required: true }, { validator: validate }]}
      extra={
        <span aria-live="polite">{value ? t(`password.${strengthOf(value)}`) : t('password.rules')}</span>
      }
    >
      <Input.Password autoComplete="new-password" />
    </Form.Item>
  )
}
