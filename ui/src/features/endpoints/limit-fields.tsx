// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Form, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'

import { BytesInput } from './bytes-input'

/** The limits, in the order of the form, and whether they are amounts of bytes. */
const limits = {
  max_message_size: true,
  max_connections: false,
  messages_per_second: false,
  bytes_per_second: true,
  endpoint_messages_per_second: false,
  endpoint_bytes_per_second: true,
} as const

/** LimitFields are the fields of an endpoint's limits. Empty, which is 0 for the API, means the gateway's default. */
export function LimitFields() {
  const { t } = useTranslation('endpoints')
  return Object.entries(limits).map(([key, bytes]) => {
    const name = key as keyof typeof limits
    const label = t(`limits.${name}.label`)
    return (
      <Form.Item key={name} name={name} label={label} extra={t(`limits.${name}.extra`)}>
        {bytes ? (
          <BytesInput label={label} placeholder={t('limits.default')} />
        ) : (
          <CountInput placeholder={t('limits.default')} />
        )}
      </Form.Item>
    )
  })
}

/** CountInput is an InputNumber in which 0 is empty. */
function CountInput({
  id,
  value = 0,
  onChange,
  placeholder,
}: {
  id?: string
  value?: number
  onChange?: (n: number) => void
  placeholder: string
}) {
  return (
    <InputNumber
      id={id}
      min={0}
      precision={0}
      value={value || null}
      placeholder={placeholder}
      onChange={(n) => onChange?.(n ?? 0)}
      style={{ width: 180 }}
    />
  )
}
