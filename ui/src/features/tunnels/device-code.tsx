// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

/** The gateway takes codes with anything between the letters, and in any case. */
const eightLetters = /^[^A-Za-z]*([A-Za-z][^A-Za-z]*){8}$/

/** DeviceCode asks for the code that a device shows. */
export function DeviceCode({ onCode }: { onCode: (code: string) => void }) {
  const { t } = useTranslation('tunnels')
  return (
    <Form<{ code: string }>
      layout="vertical"
      requiredMark={false}
      onFinish={({ code }) => onCode(code.trim().toUpperCase())}
    >
      <Form.Item
        name="code"
        label={t('device.code')}
        extra={t('device.code_text')}
        rules={[
          { required: true, message: t('required') },
          { pattern: eightLetters, message: t('device.code_rule') },
        ]}
        validateTrigger="onSubmit"
      >
        <Input
          className="mono"
          size="large"
          autoFocus // eslint-disable-line jsx-a11y/no-autofocus -- there is nothing else to do here
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={32}
          placeholder="XXXX-XXXX"
        />
      </Form.Item>
      <Button type="primary" htmlType="submit">
        {t('device.look')}
      </Button>
    </Form>
  )
}
