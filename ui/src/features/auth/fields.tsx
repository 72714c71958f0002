// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

/** CodeField is for the code of a link, where the link was not opened but read. */
export function CodeField({ label, extra }: { label: string; extra?: string }) {
  return (
    <Form.Item name="code" label={label} extra={extra} rules={[{ required: true, whitespace: true }]}>
      <Input autoComplete="off" spellCheck={false} maxLength={128} className="mono" />
    </Form.Item>
  )
}

/** NameField is for the name of a new account, by the gateway's rules. */
export function NameField() {
  const { t } = useTranslation('auth')
  return (
    <Form.Item
      name="name"
      label={t('name')}
      validateTrigger="onBlur"
      rules={[{ required: true }, { pattern: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/, message: t('name_rule') }]}
    >
      <Input autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={63} />
    </Form.Item>
  )
}

export function EmailField() {
  const { t } = useTranslation('auth')
  return (
    <Form.Item
      name="email"
      label={t('email')}
      validateTrigger="onBlur"
      rules={[{ required: true }, { pattern: /^\s*[^\s@]+@[^\s@]+\s*$/, message: t('email_rule') }]}
    >
      <Input type="email" autoComplete="email" maxLength={254} />
    </Form.Item>
  )
}
